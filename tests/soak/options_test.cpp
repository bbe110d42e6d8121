// The command line: what it means, and what it says about what is wrong.
#include "soak/options.hpp"

#include <gtest/gtest.h>

#include <iterator>
#include <sstream>

#include "tests/soak/run_soak.hpp"

namespace segue::soak {
namespace {

const std::string url = "http://127.0.0.1:8080/";

std::string error_of(std::vector<std::string> args) {
  const auto line = parse_options(std::move(args));
  return line ? "" : line.error().message;
}

TEST(Options, a_url_alone_runs_for_20_seconds) {
  const Options options = options_from({url});
  EXPECT_EQ(options.duration, milliseconds(20'000));
  EXPECT_EQ(options.mix.rate, 1000);
  EXPECT_EQ(options.mix.pipelined(), 0u);
  EXPECT_FALSE(options.exchange.verify);
}

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

TEST(Options, every_option_of_the_load_reaches_its_place) {
  const Options options = options_from(
      words(url + " http://127.0.0.1:8081/b --duration 1.5s --rate 500 --fresh 100 --keepalive 8 " +
            "--pipeline 4 --pipelined 0.5 --idle 10 --probe-every 2s --requests 1000 --threads 2 " +
            "--json --progress --seed 7 --source 3 --timeout 3s"));
  EXPECT_EQ(options.targets.size(), 2u);
  EXPECT_EQ(options.duration, milliseconds(1500));
  EXPECT_EQ(options.mix.pipelined(), 4u);
  EXPECT_EQ(options.mix.fresh_rate, 100);
  EXPECT_EQ(options.mix.pipelined_rate(), 200);
  EXPECT_EQ(options.mix.keepalive_rate(), 200);
  EXPECT_EQ(options.mix.probe_rate(), 5);
  EXPECT_EQ(options.requests_max, 1000u);
  EXPECT_EQ(options.threads, 2u);
  EXPECT_EQ(options.seed, 7u);
  EXPECT_EQ(options.sources, 3u);
  EXPECT_EQ(options.timeout, milliseconds(3000));
  EXPECT_TRUE(options.json && options.progress);
}

TEST(Options, every_option_of_the_exchange_and_of_handovers_reaches_its_place) {
  const Options options = options_from(
      words("--split --chunked 0.5 --body 64 --echo --version-header X-V --upgrade-every 2s " +
            ("--control /c --binary /a --binary /b --upgrades 3 --segue /s --upgrade-timeout 5s " +
             url)));
  EXPECT_TRUE(options.exchange.split && options.exchange.echo && options.exchange.verify);
  EXPECT_EQ(options.exchange.chunked_share, 0.5);
  EXPECT_EQ(options.exchange.body_bytes, 64u);
  EXPECT_EQ(options.exchange.version_field, "X-V");
  EXPECT_EQ(options.handovers.every, milliseconds(2000));
  EXPECT_EQ(options.handovers.control, "/c");
  EXPECT_EQ(options.handovers.binaries, (std::vector<std::string>{"/a", "/b"}));
  EXPECT_EQ(options.handovers.count_max, 3u);
  EXPECT_EQ(options.handovers.command, "/s");
  EXPECT_EQ(options.handovers.timeout, milliseconds(5000));
}

TEST(Options, another_end_takes_the_place_of_the_default_duration) {
  EXPECT_FALSE(options_from({url, "--requests", "5"}).duration);
  EXPECT_FALSE(
      options_from({url, "--upgrade-every", "1s", "--upgrades", "5", "--control", "/c"}).duration);
}

TEST(Options, a_target_beyond_this_machine_needs_permission) {
  EXPECT_NE(error_of({"http://192.0.2.1:80/"}).find("--allow-remote"), std::string::npos);
  EXPECT_EQ(error_of({"http://192.0.2.1:80/", "--allow-remote"}), "");
}

TEST(Options, what_is_wrong_is_named_with_its_option) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{}, "no target"},
      {{"ftp://x"}, "ftp://x"},
      {{url, "--rate", "many"}, "--rate"},
      {{url, "--rate", "-1"}, "--rate"},
      {{url, "--rate", "100", "--fresh", "200"}, "--fresh"},
      {{url, "--keepalive", "0"}, "--keepalive"},
      {{url, "--keepalive", "200000", "--idle", "200000"}, "--idle"},
      {{url, "--rate", "0"}, "--idle"},
      {{url, "--rate", "0", "--idle", "1", "--requests", "5"}, "--requests"},
      {{url, "--pipeline", "65"}, "--pipeline"},
      {{url, "--pipelined", "1.5"}, "--pipelined"},
      {{url, "--duration", "soon"}, "soon"},
      {{url, "--timeout", "0"}, "--timeout"},
      {{url, "--echo", "--body", "15"}, "--body"},
      {{url, "--echo", "--expect", "x"}, "--expect"},
      {{url, "--chunked", "0.5"}, "--chunked"},
      {{url, "--body", "999999999"}, "--body"},
      {{url, "--upgrade-every", "1s"}, "--control"},
      {{url, "--upgrades", "3"}, "--upgrade-every"},
      {{url, "--binary", "/a"}, "--upgrade-every"},
      {{url, "--threads", "65"}, "--threads"},
      {{url, "--threads", "4", "--keepalive", "2"}, "--threads"},
      {{url, "--source", "0"}, "--source"},
      {{url, "--no-such-option"}, "--no-such-option"},
  };
  for (const auto& [args, named] : cases) {
    EXPECT_NE(error_of(args).find(named), std::string::npos) << named << ": " << error_of(args);
  }
}

TEST(Options, help_is_a_text_and_no_load) {
  const auto line = parse_options({"--help"});
  ASSERT_TRUE(line);
  EXPECT_FALSE(line->options);
  EXPECT_NE(line->help.find("--upgrade-every"), std::string::npos);
}

TEST(Options, a_time_has_a_unit_or_is_in_seconds) {
  EXPECT_EQ(*parse_duration("1500ms"), milliseconds(1500));
  EXPECT_EQ(*parse_duration("20s"), milliseconds(20'000));
  EXPECT_EQ(*parse_duration("2m"), milliseconds(120'000));
  EXPECT_EQ(*parse_duration("1h"), milliseconds(3'600'000));
  EXPECT_EQ(*parse_duration("0.25"), milliseconds(250));
  for (const std::string text : {"", "s", "-1s", "1 s", "1d", "nan", "inf", "1e400", "9999h"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

}  // namespace
}  // namespace segue::soak
