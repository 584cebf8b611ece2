// YAML that is itself the text of a literal block scalar: values of an Argo CD Application, patches
// of a kustomization. Places found in it are brought back to the bytes of the file.
//
// Only literal blocks ("|"): there, each line of the text is a stretch of the file's bytes. In
// quoted or folded text, a change would have to be escaped or folded again.
#pragma once

#include "core/manifest/finder.h"

namespace linkspan::manifest {

// `text` is a scalar. `find` is called for each of its documents. Text inside of such a text is not
// looked into.
void find_embedded(Finder& finder, NodeId text, void (*find)(Finder& inner, NodeId root));

}  // namespace linkspan::manifest
