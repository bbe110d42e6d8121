// The command line of a service: what Segue takes itself, and what is left for the service.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "segue/error.hpp"

namespace segue::launch {

struct Options {
  std::vector<std::string> listen;          ///< --listen, repeatable; ":8080" if none is given.
  std::vector<std::string> proxy_protocol;  ///< --proxy-protocol: listeners that expect the header.
  unsigned threads = 0;                     ///< --threads, 1 to 256; 0: one per core.
  std::string control;                      ///< --control; empty: by the name of the program.
  std::chrono::milliseconds probation{10'000};  ///< --probation SECONDS, up to an hour.
  std::chrono::milliseconds drain{30'000};      ///< --drain SECONDS
  std::chrono::milliseconds hello{5'000};       ///< --hello SECONDS
  std::chrono::milliseconds ready{60'000};      ///< --ready SECONDS
  std::chrono::milliseconds stop{30'000};       ///< --stop SECONDS
  bool no_supervisor = false;                   ///< --no-supervisor
  /// The service's own options: "--name VALUE" and "--name=VALUE" by name without dashes.
  std::map<std::string, std::string, std::less<>> own;
};

/// Parses the arguments after argv[0]. The error is a message for the person who typed them.
/// `help` is set to the text of --help when that was asked for.
Result<Options> parse_options(const std::vector<std::string>& arguments, std::string& help);

/// The error for options that neither Segue nor the service knows; empty if all are known.
std::string complain_of_unknown(const Options& options,
                                const std::map<std::string, std::string, std::less<>>& known);

}  // namespace segue::launch
