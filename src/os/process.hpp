// What a program knows of itself when it starts: its path, its environment, descriptors it was given.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "os/os.hpp"
#include "segue/error.hpp"

namespace segue::os {

/// The absolute path of the program that was started as `typed`: relative to the working directory,
/// or looked up in `search_path` (PATH) if it has no slash. Links are not resolved, so that a moved
/// `current` link leads to the next version.
Result<std::string> program_path(const Os& os, std::string_view typed,
                                 std::string_view search_path);

/// The effective user.
uid_t user();

/// NAME=VALUE of the whole environment.
std::vector<std::string> environment();

/// Keeps a descriptor that was inherited from being inherited further; nothing for -1.
void close_on_exec(const Os& os, int fd);

/// Makes `target` refer to what `source` is open on.
void replace(const Os& os, int source, int target);

}  // namespace segue::os
