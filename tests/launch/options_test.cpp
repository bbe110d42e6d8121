// The command line of a service: what each option means, its range, and what is said about a wrong
// one. What the process does then: launch_test.cpp.
#include "launch/options.hpp"

#include <gtest/gtest.h>

namespace segue::launch {
namespace {

using std::chrono::milliseconds;
using Arguments = std::vector<std::string>;

Options options_from(const Arguments& arguments) {
  std::string help;
  auto options = parse_options(arguments, help);
  EXPECT_TRUE(options.ok()) << (options ? "" : options.error().message);
  EXPECT_EQ(help, "");
  return options ? *options : Options();
}

std::string error_of(const Arguments& arguments) {
  std::string help;
  const auto options = parse_options(arguments, help);
  if (options) return {};
  EXPECT_EQ(options.error().code, ErrorCode::invalid_argument);
  return options.error().message;
}

void expect_says(const std::string& message, const std::vector<std::string>& parts) {
  for (const auto& part : parts) {
    EXPECT_NE(message.find(part), std::string::npos) << "no '" << part << "' in: " << message;
  }
}

TEST(LaunchOptions, without_arguments_the_documented_defaults_hold) {
  const Options options = options_from({});
  EXPECT_EQ(options.listen, Arguments{":8080"});
  EXPECT_TRUE(options.proxy_protocol.empty());
  EXPECT_EQ(options.threads, 0u);
  EXPECT_EQ(options.control, "");
  EXPECT_EQ(options.probation, milliseconds(10'000));
  EXPECT_EQ(options.drain, milliseconds(30'000));
  EXPECT_EQ(options.hello, milliseconds(5'000));
  EXPECT_EQ(options.ready, milliseconds(60'000));
  EXPECT_EQ(options.stop, milliseconds(30'000));
  EXPECT_FALSE(options.no_supervisor);
  EXPECT_TRUE(options.own.empty());
}

TEST(LaunchOptions, every_option_reaches_its_place) {
  const Options options = options_from({"--listen",
                                        ":1",
                                        "--listen=unix:/a",
                                        "--proxy-protocol",
                                        "unix:/a",
                                        "--threads",
                                        "3",
                                        "--control",
                                        "/c",
                                        "--probation",
                                        "0.5",
                                        "--drain",
                                        "1",
                                        "--hello",
                                        "0.5",
                                        "--ready",
                                        "2",
                                        "--stop",
                                        "3.25",
                                        "--no-supervisor"});
  EXPECT_EQ(options.listen, (Arguments{":1", "unix:/a"}));
  EXPECT_EQ(options.proxy_protocol, Arguments{"unix:/a"});
  EXPECT_EQ(options.threads, 3u);
  EXPECT_EQ(options.control, "/c");
  EXPECT_EQ(options.probation, milliseconds(500));
  EXPECT_EQ(options.drain, milliseconds(1000));
  EXPECT_EQ(options.hello, milliseconds(500));
  EXPECT_EQ(options.ready, milliseconds(2000));
  EXPECT_EQ(options.stop, milliseconds(3250));
  EXPECT_TRUE(options.no_supervisor);
}

TEST(LaunchOptions, the_ends_of_a_range_belong_to_it) {
  EXPECT_EQ(options_from({"--threads", "1"}).threads, 1u);
  EXPECT_EQ(options_from({"--threads", "256"}).threads, 256u);
  EXPECT_EQ(options_from({"--probation", "0"}).probation, milliseconds(0));
  EXPECT_EQ(options_from({"--drain", "0.1"}).drain, milliseconds(100));
  EXPECT_EQ(options_from({"--stop", "3600"}).stop, milliseconds(3'600'000));
}

TEST(LaunchOptions, a_value_out_of_range_is_named_with_its_option_and_the_remedy) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"--threads", "0"},      {"--threads", "257"},    {"--threads", "-1"},
      {"--threads", "many"},   {"--probation", "-0.1"}, {"--drain", "0.05"},
      {"--ready", "0"},        {"--stop", "3601"},      {"--probation", "3600.5"},
      {"--drain", "tomorrow"},
  };
  for (const auto& [name, value] : cases) {
    expect_says(error_of({name, value}), {name, value, "--help lists the options"});
  }
}

TEST(LaunchOptions, an_option_that_needs_a_value_says_so) {
  for (const std::string name : {"--listen", "--threads", "--control", "--stop"}) {
    expect_says(error_of({name}), {name, "--help lists the options"});
  }
}

TEST(LaunchOptions, a_proxied_address_must_be_listened_on) {
  expect_says(error_of({"--listen", ":1", "--proxy-protocol", ":2"}),
              {"--proxy-protocol :2", "--listen"});
  EXPECT_EQ(error_of({"--proxy-protocol", ":8080"}), "");  // the default address counts
}

TEST(LaunchOptions, an_own_option_is_taken_in_every_spelling) {
  const auto own =
      options_from({"--name", "a", "--colour=red", "--empty=", "--sum=1=1", "--fast", "--last"})
          .own;
  const decltype(own) expected{{"name", "a"},  {"colour", "red"}, {"empty", ""},
                               {"sum", "1=1"}, {"fast", "true"},  {"last", "true"}};
  EXPECT_EQ(own, expected);
}

TEST(LaunchOptions, own_options_may_stand_between_ours) {
  const Options options = options_from({"--name", "a", "--threads", "2", "--fast"});
  EXPECT_EQ(options.threads, 2u);
  EXPECT_EQ(options.own.at("name"), "a");
  EXPECT_EQ(options.own.at("fast"), "true");
}

TEST(LaunchOptions, what_is_no_option_is_named_with_the_form_of_one) {
  expect_says(error_of({"serve"}), {"'serve'", "--name VALUE"});
  expect_says(error_of({"--name", "a", "b"}), {"'b'", "--name VALUE"});
  expect_says(error_of({"-x"}), {"'-x'", "--name VALUE"});
}

TEST(LaunchOptions, help_lists_every_option) {
  std::string help;
  ASSERT_TRUE(parse_options({"--help"}, help).ok());
  expect_says(help, {"--listen", "--proxy-protocol", "--threads", "--control", "--probation",
                     "--drain", "--hello", "--ready", "--stop", "--no-supervisor", "--help"});
}

TEST(LaunchOptions, an_address_that_is_none_is_refused_with_what_is_accepted) {
  expect_says(error_of({"--listen", "nowhere"}), {"\"nowhere\"", "no port", ":8080"});
}

TEST(UnknownOption, it_is_named_with_the_nearest_of_ours_or_of_the_service) {
  const Options ours = options_from({"--lisen", ":1"});
  EXPECT_EQ(complain_of_unknown(ours, {}), "unknown option --lisen; did you mean --listen?");
  const Options own = options_from({"--color", "red"});
  EXPECT_EQ(complain_of_unknown(own, {{"colour", "Colour of the page"}}),
            "unknown option --color; did you mean --colour?");
}

TEST(UnknownOption, one_that_is_like_nothing_points_to_the_help) {
  EXPECT_EQ(complain_of_unknown(options_from({"--xyzzy=1"}), {}),
            "unknown option --xyzzy; --help lists the options");
}

TEST(UnknownOption, what_the_service_knows_is_no_complaint) {
  EXPECT_EQ(complain_of_unknown(options_from({"--colour", "red"}), {{"colour", ""}}), "");
  EXPECT_EQ(complain_of_unknown(options_from({"--stop", "1"}), {}), "");
}

}  // namespace
}  // namespace segue::launch
