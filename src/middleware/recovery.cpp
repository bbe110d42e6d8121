// Exceptions become answers, so that the middleware before this one sees a status.
#include <exception>

#include "segue/context.hpp"
#include "segue/middleware.hpp"
#include "segue/status.hpp"
#include "server/log.hpp"

namespace segue {
namespace {

void answer_unexpected(Context& c, std::string_view what) {
  server::log_line(std::string(c.method()) + " " + std::string(c.full_path()) +
                   " threw: " + std::string(what));
  if (!c.answered()) c.status(status::internal_server_error).text("internal server error");
  c.abort();
}

}  // namespace

std::function<void(Context&)> recovery() {
  return [](Context& c) {
    try {
      c.next();
    } catch (const HttpException& exception) {
      c.status(exception.status()).text(exception.what());
      c.abort();
    } catch (const std::exception& exception) {
      answer_unexpected(c, exception.what());
    } catch (...) {
      answer_unexpected(c, "something that is no std::exception");
    }
  };
}

}  // namespace segue
