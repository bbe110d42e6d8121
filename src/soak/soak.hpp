// `segue soak URL...`: checks under load that a service loses nothing while it is replaced.
//
// The load is an open loop: each request has a time at which it is due, whatever became of earlier
// ones, and its latency runs from then. Each request ends in exactly one outcome; nothing is
// retried. What the outcomes mean: outcome.hpp. What the options mean: options.hpp.
//
// Report with --json, one object on one line (times in milliseconds):
//   passed           whether the exit code is 0
//   seconds          how long the load ran
//   requests         requests begun = ok + failed + reset + refused + timeout + corrupt + status
//   dropped          kept connections that the server closed unannounced, with nothing outstanding
//   unasked          connections on which the server answered what nobody had asked
//   accounts_agree   false: a request did not end exactly once; a bug in the soak itself
//   kinds            {keepalive|pipelined|fresh|idle: {requests, ok, failed, ...}}
//   connections      {opened, announced_close: closed as `Connection: close` had announced}
//   latency_ms       {count, p50, p90, p99, p99_9, max} of ok requests, from when they were due
//   handover_latency_ms  the same of requests that were due while a `segue upgrade` ran
//   late_ms          the same of how late the soak itself looked at what was due
//   handovers        {done, refused, rolled_back, failed, moved, freeze_ms: {p50: median of the
//                    handovers' p50, p99: largest p99, max}, total_ms: {median, max}, reasons:
//                    [...]}
//   versions         {version: answers}; the version is a field's value (--version-header) or the
//                    content (--version-body)
//   incidents        the first 20 things that went wrong, in words
#pragma once

#include <string>
#include <vector>

namespace segue::soak {

/// Runs a soak. `args`: what follows `segue soak` on the command line. Prints the report to
/// standard output, progress and errors to standard error. Returns the exit code: 0 nothing was
/// lost, 1 something was (report.hpp says what counts), 2 wrong use or the soak could not start.
/// Blocks SIGINT and SIGTERM for the calling thread: they end the load early, with the report.
int soak_main(std::vector<std::string> args);

}  // namespace segue::soak
