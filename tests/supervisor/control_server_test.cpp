// The control socket: lock, modes, clients that behave and others.
#include "supervisor/control_server.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace segue::supervisor {
namespace {

class Server : public testing::Test {
 protected:
  Server() {
    std::string pattern = std::filesystem::temp_directory_path().string() + "/server-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ + "/control";
    loop_ = std::move(*loop::Loop::create(os::real()));
  }
  ~Server() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  Result<std::unique_ptr<ControlServer>> open() {
    return ControlServer::open(*loop_, path_, [this](CommandId id, const Request& request) {
      asked_.emplace_back(id, request);
    });
  }
  void serve() {
    auto opened = open();
    ASSERT_TRUE(opened) << opened.error().message;
    server_ = std::move(*opened);
  }
  os::Fd client(const std::string& bytes) const {
    os::Fd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    if (!bytes.empty()) {
      EXPECT_EQ(::send(fd.get(), bytes.data(), bytes.size(), 0), ssize_t(bytes.size()));
    }
    return fd;
  }
  void turn(int times = 8) {
    for (int i = 0; i < times; ++i) loop_->turn(1);
  }
  static Answer answer_at(const os::Fd& fd) {
    char buffer[4096];
    const ssize_t got = ::recv(fd.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (got <= 0) return {-1, "", got == 0 ? "end" : "nothing"};
    return *decode_answer({buffer, static_cast<std::size_t>(got)});
  }

  std::string folder_;
  std::string path_;
  std::unique_ptr<loop::Loop> loop_;
  std::unique_ptr<ControlServer> server_;
  std::vector<std::pair<CommandId, Request>> asked_;
};

TEST_F(Server, only_its_user_may_connect) {
  serve();
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat((path_ + ".lock").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(Server, the_lock_file_holds_the_pid) {
  serve();
  std::ifstream file(path_ + ".lock");
  int pid = 0;
  file >> pid;
  EXPECT_EQ(pid, ::getpid());
}

TEST_F(Server, a_second_one_is_refused_and_does_not_touch_the_socket) {
  serve();
  const auto second = open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::address_in_use);
  EXPECT_NE(second.error().message.find("pid " + std::to_string(::getpid())), std::string::npos);
  client(encode(Request{}));
  turn();
  EXPECT_EQ(asked_.size(), 1U);
}

TEST_F(Server, a_stale_socket_is_replaced_and_another_file_is_not) {
  serve();
  server_.reset();  // without remove(): as if it had been killed
  ASSERT_TRUE(std::filesystem::exists(path_));
  serve();
  server_->remove();
  server_.reset();
  std::ofstream(path_) << "precious";
  const auto refused = open();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("no socket"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(Server, remove_leaves_nothing) {
  serve();
  server_->remove();
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(Server, a_question_gets_its_answer_and_the_end) {
  serve();
  const os::Fd fd = client(encode(Request{Command::upgrade, "/x", true, false, false}));
  turn();
  ASSERT_EQ(asked_.size(), 1U);
  EXPECT_EQ(asked_[0].second.binary, "/x");
  server_->answer(asked_[0].first, {1, "{}", "refused"});
  EXPECT_EQ(answer_at(fd).text, "refused");
  EXPECT_EQ(answer_at(fd).text, "end");
}

TEST_F(Server, a_malformed_question_gets_an_error) {
  serve();
  const os::Fd fd = client("\xff\xff\xff");
  turn();
  EXPECT_TRUE(asked_.empty());
  EXPECT_EQ(answer_at(fd).exit_code, 2);
}

TEST_F(Server, a_question_that_is_too_long_gets_an_error) {
  serve();
  const os::Fd fd = client(std::string(20'000, 'x'));
  turn();
  EXPECT_EQ(answer_at(fd).exit_code, 2);
}

TEST_F(Server, who_leaves_before_the_answer_is_forgotten) {
  serve();
  os::Fd fd = client(encode(Request{}));
  turn();
  ASSERT_EQ(asked_.size(), 1U);
  fd.reset();
  turn();
  EXPECT_EQ(server_->client_fd(asked_[0].first), -1);
  server_->answer(asked_[0].first, {});
}

TEST_F(Server, silent_clients_make_room_for_others) {
  serve();
  std::vector<os::Fd> silent;
  for (std::size_t i = 0; i < control_clients_max; ++i) {
    silent.push_back(client(""));
    turn(2);
  }
  const os::Fd fd = client(encode(Request{}));
  turn();
  ASSERT_EQ(asked_.size(), 1U);
  EXPECT_EQ(answer_at(silent.front()).text, "end");
}

TEST_F(Server, who_waits_is_not_pushed_out) {
  serve();
  std::vector<os::Fd> waiting;
  for (std::size_t i = 0; i < control_clients_max; ++i) {
    waiting.push_back(client(encode(Request{})));
    turn(3);
  }
  ASSERT_EQ(asked_.size(), control_clients_max);
  const os::Fd one_more = client("");
  turn();
  EXPECT_EQ(answer_at(one_more).text, "end");
  EXPECT_EQ(answer_at(waiting.front()).text, "nothing") << "still waiting";
}

}  // namespace
}  // namespace segue::supervisor
