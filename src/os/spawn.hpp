// Starting a program with exactly the descriptors it is meant to have, and pinning its binary, so
// that a file replaced during a handover cannot change what is started.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "os/fd.hpp"
#include "os/os.hpp"
#include "segue/error.hpp"

namespace segue::os {

struct SpawnOptions {
  /// An ELF program to execute by descriptor (execveat); -1: execute `path`.
  int binary_fd = -1;
  /// The program's absolute path: executed if there is no `binary_fd`, named in errors.
  std::string path;
  /// argv[0], as typed by the user; empty: `path`. The kernel names a program that is executed by
  /// descriptor after the descriptor's number, so the program sets PR_SET_NAME itself.
  std::string process_name;
  std::vector<std::string> args;         ///< What follows argv[0].
  std::vector<std::string> environment;  ///< NAME=VALUE, the whole environment.
  /// {descriptor here, number in the child}. The child has these, 0, 1 and 2, and nothing else.
  std::vector<std::pair<int, int>> fds;
  bool new_process_group = false;
  /// Adds LISTEN_PID=<pid of the child> to the environment (sd_listen_fds(3)), which nobody can
  /// know before the fork.
  bool tell_listen_pid = false;
};

/// Starts the program; returns once it executes. Signals are as at boot: none blocked, none
/// ignored. An error says which program and why; no child is left then.
Result<pid_t> spawn(const Os& os, const SpawnOptions& options);

/// A program that stays what it was when pinned.
struct Pinned {
  Fd fd;             ///< An ELF file: for SpawnOptions::binary_fd. Empty for a script.
  std::string path;  ///< Absolute, links not resolved.
  bool script = false;

  /// The descriptor to execute, -1 for a script: the interpreter opens a script by its path, when a
  /// descriptor that closes on exec is gone.
  int binary_fd() const { return fd.get(); }
};

/// Pins the program at `path`. Errors: not absolute, not there, no regular file, not executable,
/// neither ELF nor a "#!" script.
Result<Pinned> pin_binary(const Os& os, std::string path);

/// The absolute path of what a user typed as a program: looked up in `search_path` ($PATH) without
/// a slash, under `working_directory` with one. Links stay as they are.
Result<std::string> find_program(const Os& os, std::string_view typed,
                                 std::string_view working_directory, std::string_view search_path);

/// A spawn with nothing left to allocate: what the child reads between fork and exec.
struct PreparedSpawn {
  struct Passed {
    int from;  ///< Descriptor of the parent; the child overwrites its copy.
    int to;
  };
  int binary_fd;
  const char* path;
  char* const* argv;
  char* const* environment;
  Passed* fds;  ///< Sorted by `to`.
  std::size_t fd_count;
  char* listen_pid;  ///< Where the child writes its pid in decimal; null: nowhere.
  int error_pipe;    ///< Takes the errno of a child that cannot execute.
  bool new_process_group;
};

/// Os::spawn of the real kernel: fork, then only async-signal-safe calls until exec.
pid_t fork_and_execute(const PreparedSpawn* prepared);

}  // namespace segue::os
