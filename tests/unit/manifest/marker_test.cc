#include "core/manifest/marker.h"

#include <gtest/gtest.h>

namespace linkspan::manifest {
namespace {

TEST(MarkerTest, ReadsWhatFluxReads) {
    struct Case {
        const char* name;
        const char* comment;
        Marker expected;
    };
    const Case cases[] = {
        {"whole", R"(# {"$imagepolicy": "flux-system:app"})", {"flux-system:app", Role::Reference}},
        {"tag", R"(# {"$imagepolicy": "flux-system:app:tag"})", {"flux-system:app", Role::Tag}},
        {"name", R"(# {"$imagepolicy": "flux-system:app:name"})", {"flux-system:app", Role::Name}},
        {"digest", R"(# {"$imagepolicy": "a:b:digest"})", {"a:b", Role::Digest}},
        {"tag and digest", R"(# {"$imagepolicy": "a:b:tag@digest"})", {"a:b", Role::TagDigest}},
        {"no spaces", R"(#{"$imagepolicy":"a:b"})", {"a:b", Role::Reference}},
        {"several hashes", R"(### {"$imagepolicy": "a:b"})", {"a:b", Role::Reference}},
        {"extra keys", R"(# {"$imagepolicy": "a:b", "note": "x"})", {"a:b", Role::Reference}},
        {"extra key of another type",
         R"(# {"$imagepolicy": "a:b", "n": 1})",
         {"a:b", Role::Reference}},
        {"dots in names", R"(# {"$imagepolicy": "a:b.c-d"})", {"a:b.c-d", Role::Reference}},
        {"long form",
         R"(# {"$ref":"#/definitions/io.k8s.cli.setters.a:b:tag"})",
         {"a:b", Role::Tag}},
        {"white space around", "#  {\"$imagepolicy\": \"a:b\"} \t\r", {"a:b", Role::Reference}},
        {"no namespace", R"(# {"$imagepolicy": "app"})", {"app", Role::Reference}},
        {"no namespace, one part", R"(# {"$imagepolicy": ":app:tag"})", {"app", Role::Tag}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const auto marker = parse_marker(c.comment);
        ASSERT_TRUE(marker.has_value()) << marker.error().message;
        EXPECT_EQ(*marker, c.expected);
    }
}

TEST(MarkerTest, SaysWhatIsWrong) {
    struct Case {
        const char* name;
        const char* comment;
        const char* message;
    };
    const Case cases[] = {
        {"text behind", R"(# {"$imagepolicy": "a:b"} please)", "whole comment"},
        {"text in front", R"(# see {"$imagepolicy": "a:b"})", "whole comment"},
        {"single quotes", R"(# {'$imagepolicy': 'a:b'})", "whole comment"},
        {"no quotes", R"(# $imagepolicy)", "whole comment"},
        {"cut off", R"(# {"$imagepolicy": "a:b)", "whole comment"},
        {"a list", R"(# ["$imagepolicy"])", "whole comment"},
        {"unknown suffix", R"(# {"$imagepolicy": "a:b:version"})", "suffix \"version\""},
        {"empty suffix", R"(# {"$imagepolicy": "a:b:"})", "suffix \"\""},
        {"too many parts", R"(# {"$imagepolicy": "a:b:tag:x"})", "suffix"},
        {"a space in the name", R"(# {"$imagepolicy": "a:b c"})", "namespace:name"},
        {"no name", R"(# {"$imagepolicy": "a:"})", "namespace:name"},
        {"empty", R"(# {"$imagepolicy": ""})", "names no policy"},
        {"a number", R"(# {"$imagepolicy": 1})", "not a string"},
        {"another key", R"(# {"imagepolicy": "a:b"})", "has no"},
        {"a foreign reference", R"(# {"$ref": "#/definitions/x"})", "has no"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const auto marker = parse_marker(c.comment);
        ASSERT_FALSE(marker.has_value());
        EXPECT_EQ(marker.error().kind, Errc::InvalidInput);
        EXPECT_NE(marker.error().message.find(c.message), std::string::npos)
            << marker.error().message;
    }
}

}  // namespace
}  // namespace linkspan::manifest
