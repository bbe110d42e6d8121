// What a program knows of itself when it starts: who runs it, where, with which environment and
// descriptors.
#pragma once

#include <string>
#include <vector>

#include "os/os.hpp"

namespace segue::os {

/// The directory that relative paths start from; "" if it was removed.
std::string working_directory();

/// The effective user.
uid_t user();

/// NAME=VALUE of the whole environment.
std::vector<std::string> environment();

/// Keeps a descriptor that was inherited from being inherited further; nothing for -1.
void close_on_exec(const Os& os, int fd);

/// Makes `target` refer to what `source` is open on.
void replace(const Os& os, int source, int target);

}  // namespace segue::os
