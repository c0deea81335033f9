# One interface target carries every flag; each folder's library links it.
add_library(deadcalm_flags INTERFACE)
target_include_directories(deadcalm_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(deadcalm_flags INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wconversion -Wshadow -Wformat=2 -Wnon-virtual-dtor
  -fstack-protector-strong $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)
target_compile_definitions(deadcalm_flags INTERFACE
  DEADCALM_VERSION="${PROJECT_VERSION}"
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
  _GLIBCXX_ASSERTIONS)
target_link_options(deadcalm_flags INTERFACE -Wl,-z,relro,-z,now)

# Sanitizers are chosen by preset (asan, tsan), never by editing this file.
set(DEADCALM_SANITIZE "" CACHE STRING "value for -fsanitize= (presets asan and tsan set it)")
if(DEADCALM_SANITIZE)
  target_compile_options(deadcalm_flags INTERFACE
    -fsanitize=${DEADCALM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(deadcalm_flags INTERFACE -fsanitize=${DEADCALM_SANITIZE})
  # Recycled coroutine frames hide use-after-free from the sanitizers.
  target_compile_definitions(deadcalm_flags INTERFACE BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING)
endif()
