file(REMOVE_RECURSE "${WORK}")
file(WRITE "${WORK}/core/image/bad.cc" "#include \"service/store/store.h\"\n#include <git2.h>\n")
execute_process(COMMAND ${PYTHON} ${SOURCE}/scripts/check-layering ${WORK} OUTPUT_VARIABLE out RESULT_VARIABLE status)
if(NOT status EQUAL 1 OR NOT out MATCHES "core/image must not include service/store/store.h"
        OR NOT out MATCHES "<git2.h> belongs to service/git")
    message(FATAL_ERROR "the wrong include was not found (status ${status}):\n${out}")
endif()
