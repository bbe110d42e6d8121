// Failures of system calls as errors for people: what was tried, what the kernel said, the remedy.
#pragma once

#include <string>
#include <string_view>

#include "segue/error.hpp"

namespace segue::os {

/// What the kernel means by `number` (an errno; its sign does not matter): "permission denied".
std::string errno_text(int number);

/// The class of an errno.
ErrorCode errno_code(int number);

/// "`what`: <errno text>; `remedy`"; without a remedy the message ends after the text. Descriptor
/// and memory exhaustion bring their own remedy.
Error failure(std::string_view what, int number, std::string_view remedy = {});

}  // namespace segue::os
