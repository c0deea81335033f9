#pragma once
// One table per enum gives its words in YAML, metrics, JSON and logs. The index is the enumerator's
// value, so a table and its enum stand side by side.
#include <array>
#include <optional>
#include <string_view>

namespace deadcalm::model {

template <class E>
struct Names;  // specialised beside each enum: static constexpr std::array<std::string_view, N> values

template <class E>
constexpr std::string_view name(E value) {
  return Names<E>::values[static_cast<std::size_t>(value)];
}

template <class E>
constexpr std::optional<E> from_name(std::string_view text) {
  for (std::size_t i = 0; i < Names<E>::values.size(); ++i) {
    if (Names<E>::values[i] == text) return static_cast<E>(i);
  }
  return std::nullopt;
}

// The word in `words` closest to `typed` (Levenshtein, at most a third of its letters differ), for
// "did you mean"; empty if none is close.
std::string_view closest_name(std::string_view typed, const std::string_view* words, std::size_t count);

template <class Words>
std::string_view closest_name(std::string_view typed, const Words& words) {
  return closest_name(typed, std::data(words), std::size(words));
}

}  // namespace deadcalm::model
