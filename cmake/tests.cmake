# SPDX-License-Identifier: Apache-2.0
# One line for each test: unit_test and property_test (cmocka), fuzz_target (libFuzzer or a plain run of its corpus),
# python_test (black-box, over the built program). Every one of them is one CTest test with a time limit.

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
endfunction()

# property_test(NAME LIBRARIES…): tests/property/NAME.c, a seeded cmocka program; it prints its seed and takes SEED=.
function(property_test NAME)
  unit_test(property_${NAME} ${PROJECT_SOURCE_DIR}/tests/property/${NAME}.c ${ARGN})
endfunction()

# python_test(NAME SCRIPT ARGUMENTS…): tests/integration/SCRIPT (or an absolute path) with /usr/bin/python3; the
# environment variable SYMBOLON holds the path of the built program, PYTHONPATH the folder tests/support.
function(python_test NAME SCRIPT)
  cmake_path(ABSOLUTE_PATH SCRIPT BASE_DIRECTORY ${PROJECT_SOURCE_DIR}/tests/integration)
  add_test(NAME ${NAME} COMMAND /usr/bin/python3 -B ${SCRIPT} ${ARGN})
  set(ENVIRONMENT ${SYMBOLON_TEST_ENVIRONMENT}
    SYMBOLON=${PROJECT_BINARY_DIR}/symbolon PYTHONPATH=${PROJECT_SOURCE_DIR}/tests/support)
  # 77: nothing of it can be run on this machine; the scorecard says so
  set_tests_properties(${NAME} PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77 ENVIRONMENT "${ENVIRONMENT}")
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
