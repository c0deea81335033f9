# deadcalm_folder(NAME SOURCES a.cpp ... LINKS target ...): one static library per source folder.
# The links mirror the arrow table of docs/architecture.md; tests/architecture checks the includes.
function(deadcalm_folder name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  if(ARG_SOURCES)
    add_library(deadcalm_${name} STATIC ${ARG_SOURCES})
    target_link_libraries(deadcalm_${name} PUBLIC deadcalm_flags ${ARG_LINKS})
  else()
    add_library(deadcalm_${name} INTERFACE)
    target_link_libraries(deadcalm_${name} INTERFACE deadcalm_flags ${ARG_LINKS})
  endif()
endfunction()
