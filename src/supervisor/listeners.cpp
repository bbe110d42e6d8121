// See listeners.hpp.
#include "supervisor/listeners.hpp"

#include <algorithm>

namespace segue::supervisor {

Result<void> Listeners::ensure(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (entries_.contains(name)) continue;
    auto opened = open(name);
    if (!opened) return opened.error();
    entries_[name] = std::move(*opened);
  }
  return {};
}

Result<Listeners::Entry> Listeners::open(const std::string& name) {
  const auto address = os::parse_address(name);
  if (!address) return address.error();
  const bool by_name = address->kind == os::Address::Kind::inherited;
  const auto match = std::find_if(inherited_.begin(), inherited_.end(), [&](const auto& given) {
    if (by_name) return given.name == address->host;
    const auto bound = os::bound_address(os_, given.fd.get());
    return bound && *bound == *address;
  });
  if (match != inherited_.end()) {
    Entry entry{std::move(match->fd), false};
    inherited_.erase(match);
    return entry;
  }
  if (by_name) {
    return Error{ErrorCode::not_found,
                 "no inherited socket is called \"" + address->host + "\" (" + name +
                     "); set FileDescriptorName= in the .socket unit, or listen on an address"};
  }
  auto fd = os::listen_on(os_, *address);
  if (!fd) return fd.error();
  return Entry{std::move(*fd), true};
}

std::vector<int> Listeners::descriptors(const std::vector<std::string>& names) const {
  std::vector<int> fds;
  for (const std::string& name : names) fds.push_back(entries_.at(name).fd.get());
  return fds;
}

std::vector<std::string> Listeners::addresses() const {
  std::vector<std::string> addresses;
  for (const auto& [name, entry] : entries_) {
    const auto bound = os::bound_address(os_, entry.fd.get());
    addresses.push_back(bound ? os::to_string(*bound) : name);
  }
  return addresses;
}

void Listeners::keep_only(const std::vector<std::string>& names) {
  std::erase_if(entries_, [&](const auto& item) {
    const auto& [name, entry] = item;
    if (std::find(names.begin(), names.end(), name) != names.end()) return false;
    const auto address = os::parse_address(name);
    const bool has_path = address && address->kind == os::Address::Kind::unix_socket &&
                          !address->host.starts_with('@');
    if (entry.ours && has_path) os_.unlink(address->host.c_str());
    return true;
  });
}

}  // namespace segue::supervisor
