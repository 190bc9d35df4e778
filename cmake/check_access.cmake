# SPDX-License-Identifier: Apache-2.0
# Compares the table of doors with the hand-written policy: a door without a row of its own there, or a row without a
# door, fails the build.
# cmake -DROUTES=src/http/routes.def -DPOLICY=tests/integration/access.policy -P cmake/check_access.cmake
cmake_minimum_required(VERSION 3.25)

file(STRINGS ${ROUTES} LINES REGEX "ROUTE[ \t]*\\(")
foreach(LINE IN LISTS LINES)
  if(LINE MATCHES ".ROUTE[ \t]*\\(" OR
     NOT LINE MATCHES "^ROUTE\\(([A-Z]+), \"([^\"]+)\", [a-z_]+, WHO_([A-Z]+), SCOPE_([A-Z]+),")
    message(FATAL_ERROR "a door is not written like the others: ${LINE}")
  endif()
  set(METHOD ${CMAKE_MATCH_1})
  string(REPLACE "...}" "}" PATH "${CMAKE_MATCH_2}")
  string(TOLOWER ${CMAKE_MATCH_3} WHO)
  string(TOLOWER ${CMAKE_MATCH_4} SCOPE)
  string(REGEX REPLACE "^none$" "-" SCOPE ${SCOPE})
  list(APPEND DOORS "${METHOD} ${PATH} ${WHO} ${SCOPE}")
endforeach()

file(STRINGS ${POLICY} LINES REGEX "^[A-Z]")
foreach(LINE IN LISTS LINES)
  if(NOT LINE MATCHES "^([A-Z]+) +([^ ]+) +([a-z]+) +([a-z-]+) +(person|organisation|department|any|-)$")
    message(FATAL_ERROR "a row of the policy is not written like the others: ${LINE}")
  endif()
  list(APPEND ROWS "${CMAKE_MATCH_1} ${CMAKE_MATCH_2} ${CMAKE_MATCH_3} ${CMAKE_MATCH_4}")
endforeach()

foreach(DOOR IN LISTS DOORS)
  if(NOT DOOR IN_LIST ROWS)
    message(SEND_ERROR "${DOOR}: access.policy does not say who may")
  endif()
endforeach()
foreach(ROW IN LISTS ROWS)
  if(NOT ROW IN_LIST DOORS)
    message(SEND_ERROR "${ROW}: access.policy speaks of a door that is not there")
  endif()
endforeach()
