// YAML that is itself a text in YAML: values of an Argo CD Application, patches of a kustomization.
// Places found in it are brought back to the bytes of the file.
//
// In a block each line of the text is a stretch of the file's bytes, unless it was folded; in
// quoted text on one line each value is, unless it holds an escape. What is not such a stretch is
// left alone. New values are spelled so that the quotes around the text need no escape.
#pragma once

#include "core/manifest/finder.h"

namespace linkspan::manifest {

// `text` is a scalar. `find` is called for each of its documents. Text inside of such a text is not
// looked into.
void find_embedded(Finder& finder, NodeId text, void (*find)(Finder& inner, NodeId root));

}  // namespace linkspan::manifest
