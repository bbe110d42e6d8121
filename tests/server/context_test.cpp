// The context of one request: what it tells of the request, what it makes of the response, and the
// chain of handlers.
#include "segue/context.hpp"

#include <gtest/gtest.h>

#include "tests/server/serving.hpp"

namespace segue::server {
namespace {

using serving::Asked;
using serving::request;
using serving::Server;

class ContextTest : public ::testing::Test {
 protected:
  // What `handler` makes of a request for the pattern.
  void handle(std::string_view pattern, std::string_view text, Handler handler) {
    handle_all(pattern, text, {std::move(handler)});
  }
  void handle_all(std::string_view pattern, std::string_view text, Chain chain) {
    ASSERT_TRUE(engine.add_route("GET", pattern, std::move(chain)));
    asked = std::make_unique<Asked>(engine, std::string(text));
    asked->run();
  }
  Exchange& x() { return asked->x; }
  Handler note(char c) {
    return [this, c](Context&) { order += c; };
  }
  // The status that `handler` is answered with for what it throws; 0 if it throws nothing.
  int thrown_by(const Handler& handler) {
    int status = 0;
    Engine other;
    EXPECT_TRUE(other.add_route("GET", "/", {handler}));
    try {
      Asked(other, request("GET", "/")).run();
    } catch (const HttpException& exception) {
      status = exception.status();
    }
    return status;
  }

  Engine engine;
  std::unique_ptr<Asked> asked;
  std::string order;
};

// --- Request ------------------------------------------------------------------------------------

TEST_F(ContextTest, target_path_and_pattern_are_told_as_sent_decoded_and_registered) {
  handle("/user/:id", request("GET", "/user/a%20b?x=1&y"), [](Context& c) {
    EXPECT_EQ(c.method(), "GET");
    EXPECT_EQ(c.target(), "/user/a%20b?x=1&y");
    EXPECT_EQ(c.path(), "/user/a b");
    EXPECT_EQ(c.full_path(), "/user/:id");
    EXPECT_EQ(c.query_string(), "x=1&y");
    c.empty(204);
  });
  EXPECT_EQ(x().status, 204);
}

TEST_F(ContextTest, parameters_have_their_names_and_a_catch_all_begins_with_its_slash) {
  handle("/u/:id/*rest", request("GET", "/u/7/a/b"), [](Context& c) {
    c.text(std::string(c.param("id")) + "|" + std::string(c.param("rest")) + "|" +
           std::string(c.param("none")));
  });
  EXPECT_EQ(x().content, "7|/a/b|");
}

TEST_F(ContextTest, a_query_gives_the_first_value_decoded_or_the_fallback) {
  handle("/", request("GET", "/?a=1+2%21&a=second&empty=&%62=b&bad=%zz&%zz=lost"), [](Context& c) {
    EXPECT_EQ(c.query("a"), "1 2!");
    EXPECT_EQ(c.query("empty"), "");
    EXPECT_EQ(c.query("b"), "b");      // names are decoded too
    EXPECT_EQ(c.query("bad"), "%zz");  // a bad escape: as sent
    EXPECT_EQ(c.query("none"), std::nullopt);
    EXPECT_EQ(c.query("none", "fallback"), "fallback");
    EXPECT_EQ(c.query("empty", "fallback"), "");
    c.empty(204);
  });
  EXPECT_EQ(x().status, 204);
}

TEST_F(ContextTest, a_field_is_found_in_any_letter_case_and_the_first_one_counts) {
  const auto text = request("GET", "/", "X-One: 1\r\nx-one: 2\r\nUser-Agent: me\r\n");
  handle("/", text, [](Context& c) {
    EXPECT_EQ(c.header("x-ONE"), "1");
    EXPECT_EQ(c.header("user-agent"), "me");
    EXPECT_EQ(c.header("none"), "");
    c.empty(204);
  });
  EXPECT_EQ(x().status, 204);
}

TEST_F(ContextTest, content_comes_whole_and_without_its_chunks) {
  const auto text =
      request("GET", "/", "Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  handle("/", text, [](Context& c) { c.text(c.content()); });
  EXPECT_EQ(x().content, "abcde");
}

TEST_F(ContextTest, the_client_is_the_one_that_the_connection_or_its_proxy_header_names) {
  Server server([](App& app) { app.get("/", [](Context& c) { c.text(c.client_ip()); }); });
  auto direct = server.connect();
  EXPECT_TRUE(server.ask(direct, request("GET", "/")).ends_with("\r\n\r\nunknown"));
  auto proxied = server.connect(true);
  const auto text = "PROXY TCP4 192.0.2.7 192.0.2.8 4711 80\r\n" + request("GET", "/");
  EXPECT_TRUE(server.ask(proxied, text).ends_with("\r\n\r\n192.0.2.7"));
}

// --- Response -----------------------------------------------------------------------------------

TEST_F(ContextTest, text_and_json_and_data_say_their_content_type) {
  handle("/text", request("GET", "/text"), [](Context& c) { c.status(201).text("hello"); });
  EXPECT_EQ(x().status, 201);
  EXPECT_EQ(x().content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(x().content, "hello");
  EXPECT_EQ(asked->x.context.content_bytes(), 5u);
  handle("/json", request("GET", "/json"), [](Context& c) { c.json({{"a", 1}, {"b", "\"x\""}}); });
  EXPECT_EQ(x().content_type, "application/json");
  EXPECT_EQ(x().content, R"({"a":1,"b":"\"x\""})");
  handle("/data", request("GET", "/data"), [](Context& c) { c.data("image/png", "\x89PNG"); });
  EXPECT_EQ(x().content_type, "image/png");
  EXPECT_EQ(x().content, "\x89PNG");
}

TEST_F(ContextTest, a_later_answer_takes_the_place_of_an_earlier_one) {
  handle("/", request("GET", "/"), [](Context& c) {
    EXPECT_FALSE(c.answered());
    c.text("first");
    EXPECT_TRUE(c.answered());
    c.json({{"second", true}});
    EXPECT_EQ(c.content_bytes(), 15u);  // {"second":true}
    c.empty(304);
  });
  EXPECT_EQ(x().status, 304);
  EXPECT_EQ(x().content, "");
  EXPECT_EQ(x().content_type, "");
}

TEST_F(ContextTest, a_status_is_between_200_and_599) {
  for (const int good : {200, 204, 404, 599}) {
    EXPECT_EQ(thrown_by([good](Context& c) { EXPECT_EQ(c.status(good).status(), good); }), 0);
  }
  for (const int bad : {-1, 0, 100, 199, 600}) {
    EXPECT_EQ(thrown_by([bad](Context& c) { c.status(bad); }), 500) << bad;
  }
}

TEST_F(ContextTest, a_field_that_is_set_again_is_replaced_in_any_letter_case) {
  handle("/", request("GET", "/"),
         [](Context& c) { c.header("X-A", "1").header("X-B", "2").header("x-a", "3").empty(204); });
  EXPECT_EQ(x().fields, "X-B: 2\r\nx-a: 3\r\n");
}

TEST_F(ContextTest, a_field_with_a_line_break_is_refused_whole) {
  EXPECT_EQ(thrown_by([](Context& c) { c.header("X-A", "1\r\nSet-Cookie: forged"); }), 500);
  EXPECT_EQ(thrown_by([](Context& c) { c.header("X-A\r\nX-B", "1"); }), 500);
  EXPECT_EQ(thrown_by([](Context& c) { c.header("", "1"); }), 500);
}

TEST_F(ContextTest, a_redirect_names_its_location_and_is_one) {
  handle("/", request("GET", "/"), [](Context& c) { c.redirect(302, "/login?next=%2F"); });
  EXPECT_EQ(x().status, 302);
  EXPECT_EQ(x().fields, "Location: /login?next=%2F\r\n");
  EXPECT_EQ(thrown_by([](Context& c) { c.redirect(201, "/new"); }), 0);
  EXPECT_EQ(thrown_by([](Context& c) { c.redirect(200, "/"); }), 500);
  EXPECT_EQ(thrown_by([](Context& c) { c.redirect(309, "/"); }), 500);
}

TEST_F(ContextTest, a_stream_is_sent_in_chunks_that_end_with_its_trailers) {
  Server server([](App& app) {
    app.get("/", [](Context& c) {
      c.header("X-A", "1").stream("text/plain", [](ResponseStream& out) {
        EXPECT_TRUE(out.write("abc"));
        EXPECT_TRUE(out.write(""));  // nothing, and not the end
        EXPECT_TRUE(out.write("de"));
        EXPECT_FALSE(out.trailer("X Y", "not a name"));
        EXPECT_TRUE(out.trailer("X-Sum", "5"));
      });
      EXPECT_EQ(c.content_bytes(), c.method() == "HEAD" ? 0u : 5u);
    });
  });
  auto client = server.connect();
  const std::string answer = server.ask(client, request("GET", "/"));
  EXPECT_NE(answer.find("X-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 5\r\n\r\n")) << answer;
  EXPECT_TRUE(server.ask(client, request("HEAD", "/")).ends_with("chunked\r\n\r\n"));
}

TEST_F(ContextTest, a_stream_for_an_old_client_is_ended_by_the_close) {
  Server server([](App& app) {
    app.get("/",
            [](Context& c) { c.stream("a/b", [](ResponseStream& out) { out.write("abc"); }); });
  });
  auto client = server.connect();
  const auto answer = server.ask(client, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(answer.ends_with("Connection: close\r\n\r\nabc")) << answer;
  EXPECT_TRUE(client.ended());
}

// --- Chain --------------------------------------------------------------------------------------

TEST_F(ContextTest, next_runs_the_rest_and_comes_back) {
  const auto around = [this](Context& c) {
    order += '<';
    c.next();
    order += '>';
  };
  handle_all("/", request("GET", "/"), {note('1'), around, note('2'), note('3')});
  EXPECT_EQ(order, "1<23>");
}

TEST_F(ContextTest, abort_ends_the_chain_after_the_handler_that_calls_it) {
  const auto stop = [this](Context& c) {
    EXPECT_FALSE(c.is_aborted());
    c.abort();
    EXPECT_TRUE(c.is_aborted());
    c.next();  // nothing is left
    order += '!';
  };
  handle_all("/", request("GET", "/"), {note('1'), stop, note('2')});
  EXPECT_EQ(order, "1!");
}

TEST_F(ContextTest, abort_with_a_status_answers_with_it) {
  handle_all("/", request("GET", "/"),
             {[](Context& c) { c.abort_with_status(403); }, [](Context& c) { c.text("secret"); }});
  EXPECT_EQ(x().status, 403);
  EXPECT_EQ(x().content, "");
  EXPECT_TRUE(x().context.is_aborted());
}

TEST_F(ContextTest, values_are_shared_by_the_handlers_and_have_a_type) {
  handle_all("/", request("GET", "/"),
             {[](Context& c) {
                c.set("user", std::string("ann"));
                c.set("n", 1);
                c.set("n", 2);
              },
              [](Context& c) {
                EXPECT_EQ(c.get<int>("user"), nullptr);
                EXPECT_EQ(c.get<std::string>("none"), nullptr);
                c.text(*c.get<std::string>("user") + std::to_string(*c.get<int>("n")));
              }});
  EXPECT_EQ(x().content, "ann2");
}

}  // namespace
}  // namespace segue::server
