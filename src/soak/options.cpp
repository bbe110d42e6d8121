// The command line of `segue soak`: see options.hpp.
#include "soak/options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>

namespace segue::soak {
namespace {

Error wrong(std::string message) { return {ErrorCode::invalid_argument, std::move(message)}; }

// What the options say before they have been made sense of.
struct Words {
  std::vector<std::string> urls;
  bool allow_remote = false;
};

void add_duration(CLI::App& app, const std::string& name, milliseconds& out,
                  const std::string& help) {
  const auto read = [&out, name](const std::string& text) {
    const auto parsed = parse_duration(text);
    if (!parsed) throw CLI::ValidationError(name, parsed.error().message);
    out = *parsed;
  };
  app.add_option_function<std::string>(name, read, help)->type_name("TIME");
}

void add_load(CLI::App& app, Options& options) {
  Mix& mix = options.mix;
  app.add_option("--rate", mix.rate, "Requests per second in all")
      ->check(CLI::Range(0.0, rate_max));
  app.add_option("--fresh", mix.fresh_rate, "Of these, per second: each on a new connection")
      ->check(CLI::Range(0.0, rate_max));
  app.add_option("--keepalive", mix.keepalive, "Connections that are kept")
      ->check(CLI::Range(0u, connections_max));
  app.add_option("--pipeline", mix.pipeline_depth, "Requests sent at a time when pipelining")
      ->check(CLI::Range(1u, pipeline_depth_max));
  app.add_option("--pipelined", mix.pipelined_share, "Share of --keepalive that pipelines")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--idle", mix.idle, "Idle keep-alive connections")
      ->check(CLI::Range(0u, connections_max));
  add_duration(app, "--probe-every", mix.probe_every,
               "How often an idle connection sends a request; 0: only first and last");
  app.add_option("--requests", options.requests_max, "Stop after so many requests");
  add_duration(app, "--timeout", options.timeout, "For one request, from when it is due");
  app.add_option("--threads", options.threads, "Threads that make the load")
      ->check(CLI::Range(1u, threads_max));
  app.add_option("--source,--sources", options.sources,
                 "Source addresses 127.0.0.1 and up to spread connections over")
      ->check(CLI::Range(1u, 250u));
  app.add_option("--seed", options.seed, "For everything random");
}

void add_exchange(CLI::App& app, Exchange& exchange) {
  app.add_option("--body", exchange.body_bytes, "POST with so many bytes")
      ->check(CLI::Range(std::size_t{0}, body_bytes_max));
  app.add_option("--chunked", exchange.chunked_share, "Share of bodies that are sent chunked")
      ->check(CLI::Range(0.0, 1.0));
  app.add_flag("--split", exchange.split, "Send requests in pieces of random size");
  app.add_flag("--echo", exchange.echo, "The answer's content must be the request's");
  app.add_flag("--verify", exchange.verify, "Contents of one version must all be the same");
  app.add_option("--expect", exchange.expect,
                 "The content must be this text ({id}: the request's id); repeatable: or this")
      ->allow_extra_args(false);
  app.add_option("--version-header", exchange.version_field, "Field that names the version");
  app.add_flag("--version-body", exchange.version_body, "The answer's content is the version");
}

void add_handovers(CLI::App& app, HandoverPlan& plan) {
  add_duration(app, "--upgrade-every", plan.every, "Hand over so often");
  app.add_option("--upgrades", plan.count_max, "Stop after so many handovers");
  app.add_option("--control", plan.control, "Control socket of the service");
  app.add_option("--binary", plan.binaries, "Hand over to this program; repeatable: in turn")
      ->allow_extra_args(false);
  app.add_option("--segue", plan.command, "The segue command to run for a handover");
  add_duration(app, "--upgrade-timeout", plan.timeout, "For one handover");
}

Result<void> read_targets(const Words& words, Options& options) {
  if (words.urls.empty()) return wrong("no target: name at least one URL, http://HOST:PORT/PATH");
  if (words.urls.size() > targets_max) return wrong("more than 64 targets");
  for (const std::string& url : words.urls) {
    auto target = parse_target(url);
    if (!target) return target.error();
    if (!target->loopback() && !words.allow_remote) {
      return wrong("'" + url + "' is not on this machine: a soak loads its target heavily; add " +
                   "--allow-remote if you may do that to it");
    }
    options.targets.push_back(*std::move(target));
  }
  return {};
}

Result<void> check_mix(const Mix& mix) {
  if (mix.fresh_rate > mix.rate) {
    return wrong("--fresh is more than --rate: --rate counts the requests on new connections too");
  }
  if (mix.keepalive == 0 && mix.rate > mix.fresh_rate) {
    return wrong(
        "--keepalive 0 leaves no connection for the rate beyond --fresh: give both the "
        "same value, or --keepalive 1 or more");
  }
  if (mix.rate <= 0 && mix.idle == 0) return wrong("--rate 0 without --idle: nothing to do");
  if (std::uint64_t{mix.keepalive} + mix.idle > connections_max) {
    return wrong("--keepalive and --idle are more than 200000 connections together");
  }
  return {};
}

Result<void> complete_exchange(Exchange& exchange) {
  if (exchange.echo && exchange.body_bytes == 0) exchange.body_bytes = 64;
  if (exchange.echo && exchange.body_bytes < echo_bytes_min) {
    return wrong("--echo needs --body 16 or more: the body carries the request's id");
  }
  if (exchange.echo && !exchange.expect.empty()) {
    return wrong("--echo and --expect exclude each other: both say what the answer must be");
  }
  if (exchange.chunked_share > 0 && exchange.body_bytes == 0) {
    return wrong("--chunked needs a body: add --echo or --body N");
  }
  exchange.verify = exchange.verify || exchange.echo || !exchange.expect.empty();
  return {};
}

Result<void> check_handovers(const HandoverPlan& plan) {
  const bool wanted = plan.every.count() > 0;
  if (wanted && plan.control.empty()) {
    return wrong("--upgrade-every needs --control PATH, the control socket of the service");
  }
  if (!wanted && (plan.count_max > 0 || !plan.binaries.empty())) {
    return wrong("--upgrades and --binary need --upgrade-every TIME");
  }
  if (plan.timeout.count() == 0) return wrong("--upgrade-timeout must be more than 0");
  return {};
}

// Defaults and rules that concern more than one option.
Result<void> complete(const Words& words, Options& options) {
  for (const auto& step :
       {read_targets(words, options), check_mix(options.mix), complete_exchange(options.exchange),
        check_handovers(options.handovers)}) {
    if (!step) return step;
  }
  if (options.mix.keepalive > 0 && options.threads > options.mix.keepalive) {
    return wrong("--threads is more than --keepalive: a thread without connections has no work");
  }
  if (options.timeout.count() == 0) return wrong("--timeout must be more than 0");
  const bool has_end = options.requests_max > 0 || options.handovers.count_max > 0;
  if (!options.duration && !has_end) options.duration = milliseconds(20'000);
  if (options.mix.rate <= 0 && options.requests_max > 0 && !options.duration) {
    return wrong("--rate 0 never gets to --requests: add --duration");
  }
  return {};
}

}  // namespace

std::uint32_t Mix::pipelined() const {
  if (pipeline_depth < 2) return 0;
  return static_cast<std::uint32_t>(std::ceil(keepalive * pipelined_share));
}

double Mix::pipelined_rate() const {
  return keepalive == 0 ? 0 : (rate - fresh_rate) * pipelined() / keepalive;
}

double Mix::keepalive_rate() const { return rate - fresh_rate - pipelined_rate(); }

double Mix::probe_rate() const {
  if (probe_every.count() == 0) return 0;
  return 1000.0 * idle / static_cast<double>(probe_every.count());
}

Result<milliseconds> parse_duration(const std::string& text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  const double scale = unit == "ms"                  ? 1
                       : unit == "s" || unit.empty() ? 1e3
                       : unit == "m"                 ? 6e4
                       : unit == "h"                 ? 3.6e6
                                                     : 0;
  constexpr double milliseconds_max = 30.0 * 24 * 3.6e6;
  if (failure != std::errc() || scale == 0 || !(value >= 0 && value * scale <= milliseconds_max)) {
    return wrong("'" + text + "' is not a time: write 1500ms, 20s, 2m or 1h, at most 720h");
  }
  return milliseconds(std::llround(value * scale));
}

Result<CommandLine> parse_options(std::vector<std::string> args) {
  CommandLine line;
  Options options;
  Words words;
  milliseconds duration{0};
  CLI::App app("Checks under load that a service loses nothing, handovers included.", "segue soak");
  app.add_option("URL", words.urls, "http://HOST:PORT/PATH ({id} in it: the request's id)");
  add_duration(app, "--duration", duration, "How long the load runs (20s)");
  add_load(app, options);
  add_exchange(app, options.exchange);
  add_handovers(app, options.handovers);
  app.add_flag("--allow-remote", words.allow_remote, "Allow targets beyond this machine");
  app.add_flag("--json", options.json, "Report as JSON");
  app.add_flag("--progress", options.progress, "A line each half second while it runs");
  try {
    std::reverse(args.begin(), args.end());  // CLI11 takes a vector from its end
    app.parse(std::move(args));
  } catch (const CLI::CallForHelp&) {
    line.help = app.help();
    return line;
  } catch (const CLI::ParseError& error) {
    return wrong(error.what());
  }
  if (app.count("--duration") > 0) options.duration = duration;
  if (const auto done = complete(words, options); !done) return done.error();
  line.options = std::move(options);
  return line;
}

}  // namespace segue::soak
