#include "core/manifest/scan.h"
#include "tests/unit/manifest/rewrite.h"

#include <gtest/gtest.h>

#include <string>

namespace linkspan::manifest {
namespace {

using test::marked;

#define M R"({"$imagepolicy": "flux-system:app"})"
#define M_TAG R"({"$imagepolicy": "flux-system:app:tag"})"
#define M_NAME R"({"$imagepolicy": "flux-system:app:name"})"
#define M_DIGEST R"({"$imagepolicy": "flux-system:app:digest"})"

struct Case {
    const char* name;
    std::string before;
    std::string after;
};

TEST(MarkedPlaceTest, WhereAMarkerCounts) {
    const Case cases[] = {
        {"end of a map value", "image: r.io/app:1 # " M "\n", "image: r.io/app:2 # " M "\n"},
        {"end of a list item", "- r.io/app:1 # " M "\n", "- r.io/app:2 # " M "\n"},
        {"wide spacing",
         "image:   r.io/app:1\t  ## " M "  \n",
         "image:   r.io/app:2\t  ## " M "  \n"},
        {"quoted", "image: 'r.io/app:1' # " M "\n", "image: 'r.io/app:2' # " M "\n"},
        {"a root scalar", "--- r.io/app:1 # " M "\n", "--- r.io/app:2 # " M "\n"},
        {"above a list item", "x:\n# " M "\n- r.io/app:1\n", "x:\n# " M "\n- r.io/app:2\n"},
        {"above an indented item",
         "x:\n  # " M "\n  - r.io/app:1\n",
         "x:\n  # " M "\n  - r.io/app:2\n"},
        {"above a map key", "# " M "\nimage: r.io/app:1\n", "# " M "\nimage: r.io/app:2\n"},
        {"above, other comments between",
         "# " M "\n# x\nimage: r.io/app:1\n",
         "# " M "\n# x\nimage: r.io/app:2\n"},
        {"above an item that is a mapping",
         "# " M "\n- name: r.io/app\n  image: r.io/app:1\n",
         "# " M "\n- name: r.io/app\n  image: r.io/app:2\n"},
        {"above a mapping whose first key fits",
         "# " M "\n- image: r.io/app:1\n  initImage: a:1\n",
         "# " M "\n- image: r.io/app:2\n  initImage: a:1\n"},
        {"above a kustomize entry",
         "images:\n# " M_TAG "\n- name: app\n  newTag: '1'\n",
         "images:\n# " M_TAG "\n- name: app\n  newTag: '2'\n"},
        {"above a value on its own line",
         "image:\n  # " M "\n  r.io/app:1\n",
         "image:\n  # " M "\n  r.io/app:2\n"},
        {"behind a key, value below",
         "image: # " M "\n  r.io/app:1\n",
         "image: # " M "\n  r.io/app:2\n"},
        {"behind a flow mapping",
         "c: {name: x, image: r.io/app:1} # " M "\n",
         "c: {name: x, image: r.io/app:2} # " M "\n"},
        {"behind a flow list of one", "c: [r.io/app:1] # " M "\n", "c: [r.io/app:2] # " M "\n"},
        {"behind a flow mapping, a part",
         "- {name: app, newTag: \"1\"} # " M_TAG "\n",
         "- {name: app, newTag: \"2\"} # " M_TAG "\n"},
        {"inside a flow mapping of several lines",
         "c: {\n  name: x, # keep\n  image: r.io/app:1, # " M "\n  z: 1 }\n",
         "c: {\n  name: x, # keep\n  image: r.io/app:2, # " M "\n  z: 1 }\n"},
        {"last in a flow mapping of several lines",
         "c: {\n  name: x,\n  image: r.io/app:1 # " M "\n}\n",
         "c: {\n  name: x,\n  image: r.io/app:2 # " M "\n}\n"},
        {"behind the bracket of several lines",
         "c: {\n  name: x,\n  image: r.io/app:1} # " M "\n",
         "c: {\n  name: x,\n  image: r.io/app:2} # " M "\n"},
        {"JSON in YAML",
         "{\"spec\": {\n\t\"image\": \"r.io/app:1\" # " M "\n}}\n",
         "{\"spec\": {\n\t\"image\": \"r.io/app:2\" # " M "\n}}\n"},
        {"a block scalar's header",
         "image: |- # " M "\n    r.io/app:1\nz: 1\n",
         "image: |- # " M "\n    r.io/app:2\nz: 1\n"},
        {"a folded scalar's header",
         "image: >2- # " M "\n\n    r.io/app:1\n\nz: 1\n",
         "image: >2- # " M "\n\n    r.io/app:2\n\nz: 1\n"},
        {"above a block scalar",
         "# " M "\nimage: |\n  r.io/app:1\n",
         "# " M "\nimage: |\n  r.io/app:2\n"},
        {"an anchored value",
         "image: &i r.io/app:1 # " M "\nz: *i\n",
         "image: &i r.io/app:2 # " M "\nz: *i\n"},
        {"an alias stands for its anchor",
         "a: &i r.io/app:1\nz: *i # " M "\n",
         "a: &i r.io/app:2\nz: *i # " M "\n"},
        {"a tagged value",
         "image: !!str r.io/app:1 # " M "\n",
         "image: !!str r.io/app:2 # " M "\n"},
        {"CR LF", "image: r.io/app:1 # " M "\r\nz: 1\r\n", "image: r.io/app:2 # " M "\r\nz: 1\r\n"},
        {"byte order mark",
         "\xEF\xBB\xBF# " M "\nimage: r.io/app:1\n",
         "\xEF\xBB\xBF# " M "\nimage: r.io/app:2\n"},
        {"no final newline", "image: r.io/app:1 # " M, "image: r.io/app:2 # " M},
        {"letters of other scripts before it",
         "{n: \"\xC3\xA9\xE6\x97\xA5\", image: r.io/app:1} # " M "\n",
         "{n: \"\xC3\xA9\xE6\x97\xA5\", image: r.io/app:2} # " M "\n"},
        {"a second document",
         "a: 1\n---\nimage: r.io/app:1 # " M "\n",
         "a: 1\n---\nimage: r.io/app:2 # " M "\n"},
        {"a text that names nothing yet", "image: UNSET # " M "\n", "image: r.io/app:2 # " M "\n"},
        {"an empty text", "image: '' # " M "\n", "image: 'r.io/app:2' # " M "\n"},
        {"another image gets the policy's",
         "image: ghcr.io/old/app:1 # " M "\n",
         "image: r.io/app:2 # " M "\n"},
        {"the name alone",
         "repository: ghcr.io/old/app # " M_NAME "\n",
         "repository: r.io/app # " M_NAME "\n"},
        {"a digest without a new one stays",
         "digest: sha256:1 # " M_DIGEST "\n",
         "digest: sha256:1 # " M_DIGEST "\n"},
        {"other policies stay",
         "a: r.io/app:1 # {\"$imagepolicy\": \"x:app\"}\nb: r.io/app:1 # " M "\n",
         "a: r.io/app:1 # {\"$imagepolicy\": \"x:app\"}\nb: r.io/app:2 # " M "\n"},
        {"a # in a text is no comment",
         "a: 'x # "
         "y'\nb: r.io/app:1#1 \nc: r.io/app:1 # " M "\n",
         "a: 'x # "
         "y'\nb: r.io/app:1#1 \nc: r.io/app:2 # " M "\n"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(marked(c.before, "r.io/app:2"), c.after);
        EXPECT_EQ(marked(c.after, "r.io/app:2"), c.after) << "the second time";
    }
}

TEST(MarkedPlaceTest, WhatCannotBeHonouredIsReportedWithItsLine) {
    struct Bad {
        const char* name;
        std::string text;
        std::size_t line;
        const char* message;
    };
    const Bad cases[] = {
        {"bad JSON", "a: 1\nb: x:1 # {$imagepolicy: a:b}\n", 2, "JSON"},
        {"unknown suffix", "b: x:1 # {\"$imagepolicy\": \"a:b:sha\"}\n", 1, "suffix"},
        {"no value", "a: 1\ntag: # " M "\nb: 2\n", 2, "without a value"},
        {"no value at the end", "tag: # " M "\n", 1, "without a value"},
        {"nothing below", "a: x:1\n# " M "\n", 2, "no value"},
        {"a blank line below", "# " M "\n\na: x:1\n", 1, "no value"},
        {"a new document below", "a: 1\n# " M "\n---\nb: x:1\n", 2, "no value"},
        {"deeper than what follows", "a:\n  b: x:1\n  # " M "\nc: y:1\n", 3, "deeper"},
        {"on a mapping", "a: # " M "\n  b: x:1\n", 1, "list or a mapping"},
        {"several could be meant",
         "a: {b: x:1, c: y:1, image: x:1, initImage: y:2} # " M "\n",
         1,
         "several"},
        {"none fits", "a: {b: x:1, c: y:1} # " M "\n", 1, "no value here fits"},
        {"in front of its value", "a: [ # " M "\n  x:1]\n", 1, "before its value"},
        {"inside a text", "a: |\n  b: x:1 # " M "\n", 2, "text value"},
        {"a typed value", "a: !!float 1.0 # " M_TAG "\n", 1, "!!float"},
        {"a value over two lines", "a: \"r.io/\\\n  app:1\" # " M "\n", 1, "several lines"},
        {"plain text over two lines", "a: r.io\n  app:1 # " M "\n", 1, "several lines"},
        {"two for one value",
         "# " M "\na: x:1 # {\"$imagepolicy\": \"o:p\"}\n",
         2,
         "another marker"},
        {"an alias without an anchor", "a: *x # " M "\n", 1, "anchor"},
    };
    for (const Bad& c : cases) {
        SCOPED_TRACE(c.name);
        const Scan found = scan("f.yaml", c.text);
        EXPECT_FALSE(found.skipped) << *found.skipped;
        ASSERT_EQ(found.problems.size(), 1U);
        EXPECT_EQ(found.problems[0].line, c.line);
        EXPECT_NE(found.problems[0].message.find(c.message), std::string::npos)
            << found.problems[0].message;
    }
}

TEST(MarkedPlaceTest, MarkersInSkippedFilesAreReported) {
    const Scan found = scan("f.yaml", "a: {{ .x }}\nb: [\nimage: x:1 # " M "\n");
    ASSERT_TRUE(found.skipped);
    EXPECT_NE(found.skipped->find("template"), std::string::npos);
    ASSERT_EQ(found.problems.size(), 1U);
    EXPECT_EQ(found.problems[0].line, 3U);
}

TEST(MarkedPlaceTest, KnowsWhereItIs) {
    const Scan found = scan(
        "f.yaml",
        "a: 1\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: n}\n"
        "spec:\n  x.y:\n  - image: &i r.io/app:1 # " M "\n  - image: *i\n"
    );
    ASSERT_EQ(found.places.size(), 2U);  // the shape finds it too
    const Place& place = found.places[0];
    EXPECT_EQ(place.kind, PlaceKind::Marker);
    EXPECT_EQ(place.policy, "flux-system:app");
    EXPECT_EQ(place.document, 1U);
    EXPECT_EQ(place.where, "spec[\"x.y\"][0].image");
    EXPECT_EQ(place.object, "Pod n/p");
    EXPECT_EQ(place.alias_lines, (std::vector<std::size_t>{9}));
    ASSERT_EQ(place.scalars.size(), 1U);
    EXPECT_EQ(place.scalars[0].line, 8U);
    EXPECT_EQ(place.scalars[0].column, 15U);
    ASSERT_TRUE(place.image);
    EXPECT_EQ(place.image->str(), "r.io/app");
}

}  // namespace
}  // namespace linkspan::manifest
