// The radix tree by itself: building it in any order, the way back, and the two ends of a search
// that Gin has. Patterns that clash never get here (pattern_test.cpp).
#include "router/tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <string>

namespace segue::router {
namespace {

Tree tree_of(const std::vector<std::string>& patterns) {
  Tree tree;
  for (std::uint32_t i = 0; i < patterns.size(); ++i) {
    const auto pieces = parse_pattern(patterns[i]);
    EXPECT_TRUE(pieces) << patterns[i];
    tree.insert(*pieces, i);
  }
  return tree;
}

// The pattern that is found with its captures; "?/" if the other slash should be tried, "?" if not.
std::string found_in(const Tree& tree, const std::vector<std::string>& patterns,
                     std::string_view path) {
  Captures captures;
  const Found found = tree.find(path, captures);
  if (found.route == Found::none) return found.other_slash ? "?/" : "?";
  std::string text = patterns[found.route];
  for (std::uint32_t i = 0; i < captures.count; ++i) {
    text.append(" ").append(captures.params[i].name).append("=").append(captures.params[i].value);
  }
  return text;
}

TEST(Tree, an_empty_one_finds_nothing) {
  const Tree tree;
  Captures captures;
  EXPECT_EQ(tree.find("/", captures).route, Found::none);
  EXPECT_EQ(tree.find("", captures).route, Found::none);
  EXPECT_EQ(tree.mend("/", captures).route, Found::none);
}

TEST(Tree, is_the_same_in_any_order_of_insertion) {
  std::vector<std::string> patterns = {"/a", "/ab", "/abc/:x", "/abd", "/:y/z"};
  const std::vector<std::pair<const char*, const char*>> rows = {
      {"/a", "/a"},         {"/ab", "/ab"}, {"/abc/1", "/abc/:x x=1"},
      {"/abd", "/abd"},     {"/ac", "?"},   {"/abc/z", "/abc/:x x=z"},
      {"/q/z", "/:y/z y=q"}};
  std::sort(patterns.begin(), patterns.end());
  do {
    const Tree tree = tree_of(patterns);
    for (const auto& [path, expected] : rows) {
      ASSERT_EQ(found_in(tree, patterns, path), expected) << path;
    }
  } while (std::next_permutation(patterns.begin(), patterns.end()));
}

TEST(Tree, the_first_of_two_routes_with_one_pattern_stays) {
  const std::vector<std::string> patterns = {"/a/:x", "/a/:x"};
  Captures captures;
  EXPECT_EQ(tree_of(patterns).find("/a/b", captures).route, 0u);
}

TEST(Tree, captures_of_a_way_that_was_taken_back_are_forgotten) {
  const std::vector<std::string> patterns = {"/a/:x/:y/end", "/:p/:q/:r/:s"};
  const Tree tree = tree_of(patterns);
  EXPECT_EQ(found_in(tree, patterns, "/a/1/2/end"), "/a/:x/:y/end x=1 y=2");
  EXPECT_EQ(found_in(tree, patterns, "/b/1/2/end"), "/:p/:q/:r/:s p=b q=1 r=2 s=end");
}

TEST(Tree, a_parameter_with_nothing_below_it_ends_the_search) {
  const std::vector<std::string> ends = {"/a/:x", "/:y/1/c"};
  EXPECT_EQ(found_in(tree_of(ends), ends, "/a/1/c"), "?") << "as in Gin";
  const std::vector<std::string> goes_on = {"/a/:x/b", "/:y/1/c"};
  EXPECT_EQ(found_in(tree_of(goes_on), goes_on, "/a/1/c"), "/:y/1/c y=a");
}

TEST(Tree, a_path_that_only_its_last_slash_keeps_from_a_route_is_told_apart) {
  const std::vector<std::string> patterns = {"/hi", "/dir/", "/u/:id", "/src/*rest"};
  const Tree tree = tree_of(patterns);
  for (const char* path : {"/hi/", "/dir", "/u/7/", "/src"}) {
    EXPECT_EQ(found_in(tree, patterns, path), "?/") << path;
  }
  for (const char* path : {"/h", "/hix", "/dirx", "/u/7/x", "/sr"}) {
    EXPECT_EQ(found_in(tree, patterns, path), "?") << path;
  }
}

TEST(Tree, mending_says_how_much_of_the_path_the_pattern_spells) {
  const Tree tree = tree_of({"/hi", "/dir/", "/u/:id", "/src/*rest"});
  struct Row {
    const char* path;
    std::uint32_t route;
    std::size_t bytes;
  };
  const Row rows[] = {{"/hi", 0, 3},   {"/hi/", 0, 3},  {"/dir", 1, 5},
                      {"/dir/", 1, 5}, {"/u/7/", 2, 4}, {"/src/a/", 3, 7}};
  for (const Row& row : rows) {
    Captures captures;
    const Mended mended = tree.mend(row.path, captures);
    EXPECT_EQ(mended.route, row.route) << row.path;
    EXPECT_EQ(mended.bytes, row.bytes) << row.path;
  }
  Captures captures;
  EXPECT_EQ(tree.mend("/hix", captures).route, Found::none);
}

TEST(Tree, mending_goes_back_where_finding_gives_up) {
  const Tree tree = tree_of({"/a/:x/b", "/:y/1/c"});
  Captures captures;
  EXPECT_EQ(tree.mend("/q/1/c", captures).route, 1u);
  ASSERT_EQ(captures.count, 1u);
  EXPECT_EQ(captures.params[0], (Param{"y", "q"}));
}

TEST(Tree, a_node_may_have_a_child_for_every_byte) {
  std::vector<std::string> patterns;
  for (int byte = 1; byte < 256; ++byte) {
    if (byte == '/' || byte == ':' || byte == '*' || byte == '\\') continue;
    patterns.push_back(std::string("/") + static_cast<char>(byte) + "tail");
  }
  const Tree tree = tree_of(patterns);
  for (const std::string& pattern : patterns) {
    EXPECT_EQ(found_in(tree, patterns, pattern), pattern);
  }
}

}  // namespace
}  // namespace segue::router
