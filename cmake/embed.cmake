# SPDX-License-Identifier: Apache-2.0
# embed_sql(FOLDER QUERIES files… MIGRATIONS files…) makes FOLDER/store/queries.h, queries.c and migrations.c with
# tools/embed_sql. Whoever includes "store/queries.h" has FOLDER on its include path.
add_executable(embed_sql ${PROJECT_SOURCE_DIR}/tools/embed_sql.c ${PROJECT_SOURCE_DIR}/tools/sql_query.c)
target_link_libraries(embed_sql PRIVATE house_flags floor_base)

function(embed_sql FOLDER)
  cmake_parse_arguments(E "" "" "QUERIES;MIGRATIONS" ${ARGN})
  set(OUT ${FOLDER}/store)
  file(MAKE_DIRECTORY ${OUT})
  add_custom_command(OUTPUT ${OUT}/queries.h ${OUT}/queries.c
    COMMAND embed_sql queries ${OUT}/queries.h ${OUT}/queries.c ${E_QUERIES}
    DEPENDS embed_sql ${E_QUERIES} VERBATIM)
  add_custom_command(OUTPUT ${OUT}/migrations.c
    COMMAND embed_sql migrations ${OUT}/migrations.c ${E_MIGRATIONS}
    DEPENDS embed_sql ${E_MIGRATIONS} VERBATIM)
endfunction()
