# SPDX-License-Identifier: Apache-2.0
# floor(NAME SOURCES … USES lower floors … LIBRARIES packages … TESTS …)
# declares one floor: the static library `floor_NAME` and the unit-test programs `unit_NAME_<test>`, which link this
# floor and the lower ones only, so that an upward call does not link.
function(floor NAME)
  cmake_parse_arguments(F "" "" "SOURCES;USES;LIBRARIES;TESTS" ${ARGN})
  add_library(floor_${NAME} STATIC ${F_SOURCES})
  target_include_directories(floor_${NAME} PUBLIC ${PROJECT_SOURCE_DIR}/src ${PROJECT_BINARY_DIR}/generated)
  target_link_libraries(floor_${NAME} PRIVATE house_flags)
  foreach(LOWER ${F_USES})
    target_link_libraries(floor_${NAME} PUBLIC floor_${LOWER})
  endforeach()
  target_link_libraries(floor_${NAME} PUBLIC ${F_LIBRARIES})
  foreach(TEST ${F_TESTS})
    unit_test(unit_${NAME}_${TEST} ${PROJECT_SOURCE_DIR}/tests/unit/${NAME}/test_${TEST}.c floor_${NAME})
  endforeach()
endfunction()
