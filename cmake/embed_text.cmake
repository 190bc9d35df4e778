# SPDX-License-Identifier: Apache-2.0
# A text file as C: `const char NAME[]`, with a NUL behind it.
#   cmake -DIN=… -DOUT=… -DNAME=… -DHEADER=… -P embed_text.cmake
file(READ ${IN} OCTETS HEX)
string(REGEX REPLACE "(..)" "'\\\\x\\1'," OCTETS "${OCTETS}")
file(WRITE ${OUT} "#include \"${HEADER}\"\n\nconst char ${NAME}[] = {${OCTETS}'\\0'};\n")
