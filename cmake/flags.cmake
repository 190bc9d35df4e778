# SPDX-License-Identifier: Apache-2.0
# One list of flags for all floors: the target `house_flags`. Section numbers and reasons stand in STYLE.md.
add_library(house_flags INTERFACE)
option(SYMBOLON_WERROR "Warnings are errors" ON)
set(SYMBOLON_SANITIZE "" CACHE STRING "Sanitizers for -fsanitize=, empty for none")

target_compile_definitions(house_flags INTERFACE _GNU_SOURCE)
target_compile_options(house_flags INTERFACE
  -Wall -Wextra -Wformat=2 -Wformat-security -Wconversion -Wsign-conversion -Wshadow -Wvla -Wimplicit-fallthrough
  -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum -Wnull-dereference -Wcast-qual -Wundef
  -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
  -fno-delete-null-pointer-checks -fno-strict-overflow -fno-strict-aliasing -fPIE
  -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/src/=)
target_link_options(house_flags INTERFACE -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  target_compile_options(house_flags INTERFACE -Walloc-zero -Wtrampolines -Wlogical-op -Wduplicated-cond)
endif()
if(SYMBOLON_WERROR)
  target_compile_options(house_flags INTERFACE -Werror)
endif()
# What runs inside the program's walls besides its own code (src/app/sandbox.h): counts of coverage, and sanitizers.
set(SYMBOLON_COUNTS "" CACHE PATH "Folder that a build with counts of coverage writes them into")
if(SYMBOLON_COUNTS)
  target_compile_definitions(house_flags INTERFACE SYMBOLON_COUNTS="${SYMBOLON_COUNTS}")
endif()
if(SYMBOLON_SANITIZE)
  target_compile_definitions(house_flags INTERFACE SYMBOLON_SANITIZED=1)
  target_compile_options(house_flags INTERFACE -fsanitize=${SYMBOLON_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(house_flags INTERFACE -fsanitize=${SYMBOLON_SANITIZE})
else()
  target_compile_definitions(house_flags INTERFACE SYMBOLON_SANITIZED=0)
  target_compile_options(house_flags INTERFACE
    $<$<CONFIG:Release,RelWithDebInfo>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3>)
endif()
