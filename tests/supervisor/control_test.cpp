// Requests and answers on the wire, and the client against what may be at the path.
#include "supervisor/control.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>

#include "base/codec.hpp"
#include "os/fd.hpp"

namespace segue::supervisor {
namespace {

using std::chrono::milliseconds;

TEST(Request, comes_back_as_it_was) {
  for (const Request& request : {Request{}, Request{Command::upgrade, "/srv/app", true, true, true},
                                 Request{Command::rollback, "", false, false, false},
                                 Request{Command::stop, "", false, true, false}}) {
    const auto decoded = decode_request(encode(request));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, request);
  }
}

TEST(Request, cut_anywhere_is_refused_or_another_good_one_but_never_read_beyond) {
  const std::string record = encode(Request{Command::upgrade, "/srv/app", true, true, true});
  for (std::size_t cut = 0; cut < record.size(); ++cut) {
    const auto decoded = decode_request(record.substr(0, cut));
    if (decoded) {
      EXPECT_EQ(decoded->command, Command::upgrade);
    }
  }
  EXPECT_FALSE(decode_request(""));
}

TEST(Request, that_breaks_a_rule_is_refused) {
  const auto record = [](std::uint32_t tag, std::string_view bytes) {
    std::string out;
    base::Writer writer(out);
    writer.number(1, 1);
    writer.bytes(tag, bytes);
    return out;
  };
  EXPECT_FALSE(decode_request(record(1, "\x05"))) << "unknown command";
  EXPECT_FALSE(decode_request(record(1, ""))) << "no number";
  EXPECT_FALSE(decode_request(record(2, "relative"))) << "relative path";
  EXPECT_FALSE(decode_request(record(2, std::string("/a\0b", 4)))) << "NUL in a path";
  EXPECT_FALSE(decode_request(record(2, "/" + std::string(4096, 'x')))) << "too long";
  EXPECT_FALSE(decode_request(record(0x41, "x"))) << "unknown and required";
  EXPECT_TRUE(decode_request(record(0x31, "x"))) << "unknown and optional";
}

TEST(Answer, comes_back_as_it_was) {
  const Answer answer{1, R"({"result":"refused"})", "refused: no"};
  const auto decoded = decode_answer(encode(answer));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, answer);
  EXPECT_FALSE(decode_answer(""));
}

class Ask : public testing::Test {
 protected:
  Ask() {
    std::string pattern = std::filesystem::temp_directory_path().string() + "/ask-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ + "/control";
  }
  ~Ask() override { std::filesystem::remove_all(folder_); }
  os::Fd listen() {
    os::Fd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd.get(), 1), 0);
    return fd;
  }
  Error error(milliseconds timeout = milliseconds(20'000)) {
    const auto answer = ask(os::real(), path_, Request{}, timeout);
    return answer ? Error{ErrorCode::system, "it was answered"} : answer.error();
  }
  std::string folder_;
  std::string path_;
};

TEST_F(Ask, nobody_there_names_the_path_and_the_remedy) {
  EXPECT_EQ(error().code, ErrorCode::not_found);
  EXPECT_NE(error().message.find("no service at " + path_ + ": start it"), std::string::npos);
}

TEST_F(Ask, a_socket_that_nobody_listens_on_any_more_is_nobody_there) {
  listen().reset();
  EXPECT_EQ(error().code, ErrorCode::not_found);
}

TEST_F(Ask, no_answer_in_time_is_timed_out) {
  const os::Fd silent = listen();
  EXPECT_EQ(error(milliseconds(20)).code, ErrorCode::timed_out);
}

TEST_F(Ask, a_path_that_is_too_long_is_refused) {
  path_ = "/" + std::string(200, 'x');
  EXPECT_EQ(error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace segue::supervisor
