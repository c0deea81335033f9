#pragma once
// File descriptors: what the system gives us, and how many looks at once that is enough for.
#include <cstddef>

namespace deadcalm::app {

// Raises our own limit as far as we may (the soft one is 1024 on many systems, from the days of select) and
// returns it.
std::size_t raise_descriptor_limit();

// How many looks may be under way with so many descriptors: each may hold three (two connections of a write
// cycle, one to resolve), and some are for the store, the server and the pages. Pure.
std::size_t looks_for(std::size_t descriptors);

}  // namespace deadcalm::app
