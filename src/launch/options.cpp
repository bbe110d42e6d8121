// Parsing by CLI11; what it does not know is kept for the service.
#include "launch/options.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>

#include "base/nearest.hpp"
#include "os/address.hpp"

namespace segue::launch {
namespace {

const std::vector<std::string> own_names = {"listen",    "proxy-protocol", "threads", "control",
                                            "probation", "drain",          "hello",   "ready",
                                            "stop",      "no-supervisor",  "help"};

void add_seconds(CLI::App& app, const char* name, std::chrono::milliseconds& value, double least,
                 const char* help) {
  app.add_option_function<double>(
         name,
         [&value](double seconds) {
           value = std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
         },
         help)
      ->check(CLI::Range(least, 3600.0));
}

void describe(CLI::App& app, Options& options) {
  app.allow_extras();
  app.add_option("--listen", options.listen,
                 "Address to listen on, repeatable: :8080, 127.0.0.1:8080, [::1]:8080, "
                 "unix:/path, fd:NAME (default :8080)");
  app.add_option("--proxy-protocol", options.proxy_protocol,
                 "A --listen address on which every connection begins with a PROXY header");
  app.add_option("--threads", options.threads, "Loop threads (default: one per core)")
      ->check(CLI::Range(1u, 256u));
  app.add_option("--control", options.control,
                 "Control socket for the segue command (default: in the runtime directory)");
  add_seconds(app, "--probation", options.probation, 0.0,
              "Seconds for which a new version can be rolled back (default 10)");
  add_seconds(app, "--drain", options.drain, 0.1,
              "Seconds that running handlers have at a handover (default 30)");
  add_seconds(app, "--hello", options.hello, 0.1,
              "Seconds that a new version has to say what it is (default 5)");
  add_seconds(app, "--ready", options.ready, 0.1,
              "Seconds that a new version has to get ready (default 60)");
  add_seconds(app, "--stop", options.stop, 0.1, "Seconds for a graceful stop (default 30)");
  app.add_flag("--no-supervisor", options.no_supervisor,
               "Run the worker alone, in the foreground: for debuggers");
}

// "--name VALUE", "--name=VALUE" and "--flag" (value "true").
Result<std::map<std::string, std::string, std::less<>>> own_options(
    const std::vector<std::string>& rest) {
  std::map<std::string, std::string, std::less<>> own;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (!rest[i].starts_with("--") || rest[i].size() == 2) {
      return Error{ErrorCode::invalid_argument,
                   "unexpected argument '" + rest[i] + "'; options are --name VALUE"};
    }
    const std::string text = rest[i].substr(2);
    if (const auto equals = text.find('='); equals != std::string::npos) {
      own[text.substr(0, equals)] = text.substr(equals + 1);
    } else if (i + 1 < rest.size() && !rest[i + 1].starts_with("--")) {
      own[text] = rest[++i];
    } else {
      own[text] = "true";
    }
  }
  return own;
}

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& arguments, std::string& help) {
  Options options;
  CLI::App app{"A service built with Segue"};
  describe(app, options);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    help = app.help();
    return options;
  } catch (const CLI::ParseError& error) {
    return Error{ErrorCode::invalid_argument,
                 std::string(error.what()) + "; --help lists the options"};
  }
  auto own = own_options(app.remaining());
  if (!own) return own.error();
  options.own = std::move(*own);
  if (options.listen.empty()) options.listen.push_back(":8080");
  for (const std::string& address : options.listen) {
    if (auto parsed = os::parse_address(address); !parsed) return parsed.error();
  }
  for (const std::string& proxied : options.proxy_protocol) {
    if (std::ranges::find(options.listen, proxied) == options.listen.end()) {
      return Error{ErrorCode::invalid_argument,
                   "--proxy-protocol " + proxied + " is not one of the --listen addresses"};
    }
  }
  return options;
}

std::string complain_of_unknown(const Options& options,
                                const std::map<std::string, std::string, std::less<>>& known) {
  std::vector<std::string> names = own_names;
  for (const auto& [name, help] : known) names.push_back(name);
  for (const auto& [name, value] : options.own) {
    if (known.contains(name)) continue;
    const std::string near = base::nearest(name, names);
    return "unknown option --" + name +
           (near.empty() ? "; --help lists the options" : "; did you mean --" + near + "?");
  }
  return {};
}

}  // namespace segue::launch
