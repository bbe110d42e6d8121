// A shell script that stands for `segue upgrade`.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace segue::soak {

class FakeCommand {
 public:
  explicit FakeCommand(const std::string& script) {
    path_ = "/tmp/segue-soak-test-" + std::to_string(::getpid()) + ".sh";
    std::ofstream(path_) << "#!/bin/sh\n" << script << "\n";
    ::chmod(path_.c_str(), 0700);
  }
  FakeCommand(const FakeCommand&) = delete;
  FakeCommand& operator=(const FakeCommand&) = delete;
  ~FakeCommand() { ::unlink(path_.c_str()); }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace segue::soak
