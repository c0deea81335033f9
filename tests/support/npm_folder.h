#pragma once
// The npm packages of a folder below tests/support/: installed at run time, as its package-lock.json pins
// them, into the build folder; never committed.
#include <string>

namespace deadcalm::tests {

// The copy of the folder in the build folder, its packages beside it. Throws where Node.js, npm or a package
// is not to be had: in CI a missing part is a failure.
std::string npm_folder(const std::string& name);

// All of a file; empty if there is none.
std::string text_of_file(const std::string& path);

}  // namespace deadcalm::tests
