#include <malloc.h>

#include "app/cli.h"

namespace {

// What is large goes back to the system when it is freed. Left alone, glibc raises this limit to the
// largest block it ever gave back, and keeps a scrape of ten thousand services (15 MB) for ever.
void give_memory_back() {
  mallopt(M_MMAP_THRESHOLD, 256 << 10);
  mallopt(M_TRIM_THRESHOLD, 1 << 20);
  mallopt(M_ARENA_MAX, 2);
}

}  // namespace

int main(int argc, char** argv) {
  give_memory_back();
  return deadcalm::app::run_command_line(argc, argv);
}
