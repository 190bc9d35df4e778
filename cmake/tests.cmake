# SPDX-License-Identifier: Apache-2.0
# One line for each test: unit_test and property_test (cmocka), fuzz_target (libFuzzer or a plain run of its corpus),
# python_test (black-box, over the built program). Every one of them is one CTest test with a time limit.
#
# A test that starts a node or opens a store runs once more, as NAME_on_postgres, with the data on a database server:
# that is seen by what its source includes, so that none can be forgotten. Which ones have one kind of store alone, and
# why, stands in tests/one_store.list. Builds that watch themselves have the second run of the tests named below only,
# and the fast lane too: the others are slow.
set(SYMBOLON_BOTH_STORES_ALWAYS
  story api_journey bad_input hostile_doors isolation doors access_properties put_back
  unit_store_statement unit_store_trips unit_store_writer unit_store_clock unit_store_move)
set(SYMBOLON_STORE_HEADERS "unit/ledger/fixture|unit/store/(fixture|things)|support/(world|node|life/life)")
set(SYMBOLON_STORE_INCLUDES "^#include \"(${SYMBOLON_STORE_HEADERS})[.]h\"")
set(SYMBOLON_NODE_IMPORTS "^(from|import) (running_node|stress|access_world)")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/one_store.list)
file(STRINGS ${PROJECT_SOURCE_DIR}/tests/one_store.list ROWS REGEX "^[^#]")
foreach(ROW IN LISTS ROWS)
  if(NOT ROW MATCHES "^([a-z0-9_]+) +(files|server|both) +[^ ].* [^ ].*")
    message(FATAL_ERROR "tests/one_store.list: a row is not written like the others: ${ROW}")
  endif()
  list(APPEND SYMBOLON_ONE_STORE ${CMAKE_MATCH_1})
endforeach()

# Sets OUT: whether this test, whose SOURCE has such a line, runs on a database server too.
function(runs_on_both NAME SOURCE LINE OUT)
  file(STRINGS ${SOURCE} FOUND REGEX ${LINE} LIMIT_COUNT 1)
  set_property(GLOBAL APPEND PROPERTY SYMBOLON_TESTS ${NAME})
  set(BOTH OFF)
  if(FOUND AND NOT NAME IN_LIST SYMBOLON_ONE_STORE AND
      (NOT SYMBOLON_SANITIZE OR NAME IN_LIST SYMBOLON_BOTH_STORES_ALWAYS))
    set(BOTH ON)
  endif()
  set(${OUT} ${BOTH} PARENT_SCOPE)
endfunction()

# Runs of a sanitizer print where it went wrong and stop there.
set(SYMBOLON_TEST_ENVIRONMENT
  "ASAN_OPTIONS=abort_on_error=0:detect_stack_use_after_return=1:strict_string_checks=1"
  "UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1"
  "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1")

# unit_test(NAME SOURCE LIBRARIES…): a cmocka program that is one CTest test.
function(unit_test NAME SOURCE)
  add_executable(${NAME} ${SOURCE})
  target_include_directories(${NAME} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${NAME} PRIVATE house_flags ${ARGN} PkgConfig::CMOCKA)
  set_target_properties(${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  add_test(NAME ${NAME} COMMAND ${NAME})
  set_tests_properties(${NAME} PROPERTIES TIMEOUT 120 ENVIRONMENT "${SYMBOLON_TEST_ENVIRONMENT}")
  runs_on_both(${NAME} ${SOURCE} "${SYMBOLON_STORE_INCLUDES}" BOTH)
  if(BOTH)
    database_test(${NAME}_on_postgres $<TARGET_FILE:${NAME}>)
    if(NOT NAME IN_LIST SYMBOLON_BOTH_STORES_ALWAYS)
      set_property(TEST ${NAME}_on_postgres APPEND PROPERTY LABELS slow)
    endif()
  endif()
endfunction()

# property_test(NAME LIBRARIES…): tests/property/NAME.c, a seeded cmocka program; it prints its seed and takes SEED=.
function(property_test NAME)
  unit_test(property_${NAME} ${PROJECT_SOURCE_DIR}/tests/property/${NAME}.c ${ARGN})
endfunction()

# python_test(NAME SCRIPT ARGUMENTS…): tests/integration/SCRIPT (or an absolute path) with /usr/bin/python3; the
# environment variable SYMBOLON holds the path of the built program, PYTHONPATH the folder tests/support, DATABASE_KEPT
# where the data of an empty PostgreSQL are kept for the next test.
function(python_test NAME SCRIPT)
  cmake_path(ABSOLUTE_PATH SCRIPT BASE_DIRECTORY ${PROJECT_SOURCE_DIR}/tests/integration)
  add_test(NAME ${NAME} COMMAND /usr/bin/python3 -B ${SCRIPT} ${ARGN})
  set(ENVIRONMENT ${SYMBOLON_TEST_ENVIRONMENT}
    SYMBOLON=${PROJECT_BINARY_DIR}/symbolon PYTHONPATH=${PROJECT_SOURCE_DIR}/tests/support
    DATABASE_KEPT=${PROJECT_BINARY_DIR}/database) # support/database_server.py
  # 77: nothing of it can be run on this machine; the scorecard says so
  set_tests_properties(${NAME} PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77 ENVIRONMENT "${ENVIRONMENT}")
  runs_on_both(${NAME} ${SCRIPT} "${SYMBOLON_NODE_IMPORTS}" BOTH)
  if(BOTH)
    set_property(DIRECTORY APPEND PROPERTY SYMBOLON_ON_POSTGRES ${NAME})
    set_property(DIRECTORY PROPERTY SYMBOLON_COMMAND_OF_${NAME} ${SCRIPT} ${ARGN})
  endif()
endfunction()

# Registers the second runs of the python_tests of this folder, once all is said about the first ones: they have the
# same time, labels and settings.
function(python_tests_on_postgres)
  get_property(NAMES DIRECTORY PROPERTY SYMBOLON_ON_POSTGRES)
  foreach(NAME IN LISTS NAMES)
    get_property(WORDS DIRECTORY PROPERTY SYMBOLON_COMMAND_OF_${NAME})
    database_test(${NAME}_on_postgres ${WORDS})
    foreach(PROPERTY ENVIRONMENT COST RUN_SERIAL PROCESSORS)
      get_property(IS_SET TEST ${NAME} PROPERTY ${PROPERTY} SET)
      if(IS_SET)
        get_property(VALUE TEST ${NAME} PROPERTY ${PROPERTY})
        set_property(TEST ${NAME}_on_postgres PROPERTY ${PROPERTY} "${VALUE}")
      endif()
    endforeach()
    get_property(SECONDS TEST ${NAME} PROPERTY TIMEOUT)
    math(EXPR SECONDS "2 * ${SECONDS}")
    set_property(TEST ${NAME}_on_postgres PROPERTY TIMEOUT ${SECONDS})
    if(NOT NAME IN_LIST SYMBOLON_BOTH_STORES_ALWAYS)
      set_property(TEST ${NAME}_on_postgres APPEND PROPERTY LABELS slow)
    endif()
  endforeach()
endfunction()

# Refuses rows of tests/one_store.list whose test is not there.
function(check_one_store_list)
  get_property(NAMES GLOBAL PROPERTY SYMBOLON_TESTS)
  foreach(NAME IN LISTS SYMBOLON_ONE_STORE)
    if(NOT NAME IN_LIST NAMES)
      message(FATAL_ERROR "tests/one_store.list: there is no test ${NAME}")
    endif()
  endforeach()
endfunction()

# database_test(NAME TEST ARGUMENTS…): such a test, or a program, once more with the data on a PostgreSQL of its own.
function(database_test NAME SCRIPT)
  if(SCRIPT MATCHES "[.]py$")
    cmake_path(ABSOLUTE_PATH SCRIPT BASE_DIRECTORY ${PROJECT_SOURCE_DIR}/tests/integration)
  endif()
  python_test(${NAME} ${PROJECT_SOURCE_DIR}/tests/support/database_server.py ${SCRIPT} ${ARGN})
  set_tests_properties(${NAME} PROPERTIES LABELS postgres)
endfunction()

# fuzz_target(NAME SOURCE LIBRARIES…): tests/fuzz/SOURCE defines LLVMFuzzerTestOneInput; its seeds are the files of
# tests/fuzz/corpus/NAME. With the preset `fuzz` it becomes a libFuzzer program; elsewhere tests/fuzz/driver.c calls it
# with each seed. Either way the CTest test runs the seeds only; tools/fuzz runs them at length. `fuzzers` builds all.
function(fuzz_target NAME SOURCE)
  set(CORPUS ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${NAME})
  cmake_path(ABSOLUTE_PATH SOURCE BASE_DIRECTORY ${PROJECT_SOURCE_DIR}/tests/fuzz)
  add_executable(fuzz_${NAME} ${SOURCE})
  target_include_directories(fuzz_${NAME} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(fuzz_${NAME} PRIVATE house_flags ${ARGN})
  set_target_properties(fuzz_${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzzers)
  if(NOT TARGET fuzzers)
    add_custom_target(fuzzers)
  endif()
  add_dependencies(fuzzers fuzz_${NAME})
  if(SYMBOLON_SANITIZE MATCHES fuzzer)
    target_link_options(fuzz_${NAME} PRIVATE -fsanitize=fuzzer)
    add_test(NAME fuzz_${NAME} COMMAND fuzz_${NAME} -runs=0 ${CORPUS})
  else()
    target_sources(fuzz_${NAME} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz/driver.c)
    add_test(NAME fuzz_${NAME} COMMAND fuzz_${NAME} ${CORPUS})
  endif()
  set_tests_properties(fuzz_${NAME} PROPERTIES TIMEOUT 120 ENVIRONMENT "${SYMBOLON_TEST_ENVIRONMENT}")
endfunction()
