// Laws of the edit, on generated documents.

#include "core/manifest/edit.h"
#include "core/manifest/plain.h"
#include "core/manifest/scan.h"
#include "tests/unit/manifest/rewrite.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <yaml-cpp/yaml.h>

#include <string>
#include <vector>

namespace linkspan::manifest {
namespace {

using Texts = std::vector<std::string>;

template <class T>
rc::Gen<T> one_of(std::vector<T> values) {
    return rc::gen::elementOf(std::move(values));
}

rc::Gen<std::string> a_tag() {
    return one_of<std::string>(
        {"1",
         "1.25",
         "1e10",
         "v1.2.3",
         "latest",
         "2024-01-15",
         "0x1F",
         "no",
         "main-0a1b2c-17",
         "_x",
         "1.2.3-rc.1",
         "20240115",
         "null",
         "0b1",
         "1_0"}
    );
}

// A value in one of the forms that YAML has for it.
std::string written(const std::string& value, int form, const std::string& indent) {
    switch (form) {
        case 0:
            return value;
        case 1:
            return "'" + value + "'";
        case 2:
            return "\"" + value + "\"";
        case 3:
            return "|-\n" + indent + value;
        case 4:
            return ">+\n\n" + indent + value + "\n";
        case 5:
            return "!!str " + value;
        case 6:
            return "&anchor" + std::to_string(value.size()) + " \"" + value + "\"";
        default:
            return "\n" + indent + value;
    }
}

// A stream of documents: noise around Pods, a kustomize-like list and marked values.
std::string a_file() {
    std::string out;
    if (*rc::gen::arbitrary<bool>()) out += "\xEF\xBB\xBF";
    const int documents = *rc::gen::inRange(1, 4);
    for (int d = 0; d < documents; ++d) {
        if (d > 0 || *rc::gen::arbitrary<bool>())
            out += *one_of<std::string>({"---\n", "--- # c\n", "---\n\n"});
        out += *one_of<std::string>(
            {"",
             "# comment\n",
             "note: 'it''s' # \xC3\xA9\n",
             "text: |\n  a: b # c\n\n  d\n",
             "more: >-\n   folded\n   text \n\n    deeper\n",
             "flow: {a: [1, 2,\n  'x'], \"b\": ~}\n",
             "? key\n: value\n",
             "emoji: \"\xF0\x9F\x9A\x80 \\u00e9\"\n",
             "empty:\nnumber: 1.0\n"}
        );
        out += "apiVersion: v1\nkind: Pod\nspec:\n";
        out += *one_of<std::string>({"", "\n", "  x: {}   # aligned\n"});
        out += "  containers:\n";
        const int containers = *rc::gen::inRange(1, 4);
        for (int c = 0; c < containers; ++c) {
            const std::string name = *one_of<std::string>({"r.io/app", "nginx", "r.io/app-debug"});
            std::string value = name;
            if (*rc::gen::arbitrary<bool>()) value += ":" + *a_tag();
            const int form = *rc::gen::inRange(0, 8);
            out += "  -   image: " + written(value, form, "          ");
            const bool block = form == 3 || form == 4;
            if (!block)
                out += *one_of<std::string>({"", "  # why", " # {\"$imagepolicy\": \"n:app\"}"});
            out += "\n";
            if (form == 6 && *rc::gen::arbitrary<bool>()) {
                out += "      copy: *anchor" + std::to_string(value.size()) + "\n";
            }
            out += *one_of<std::string>({"", "\n", "      name: x\n", "      # end\n"});
        }
    }
    if (*rc::gen::arbitrary<bool>()) {
        std::string crlf;
        for (const char ch : out) crlf += ch == '\n' ? "\r\n" : std::string(1, ch);
        out = crlf;
    }
    if (*rc::gen::arbitrary<bool>()) {
        while (!out.empty() && (out.back() == '\n' || out.back() == '\r')) out.pop_back();
    }
    return out;
}

TEST(EditLaws, HoldForGeneratedFiles) {
    EXPECT_TRUE(rc::check("laws of the edit", [] {
        const std::string before = a_file();
        const std::string tag = *a_tag();
        const test::Wishes wishes{
            {{"n:app", test::wanted("r.io/app:" + tag)}},
            {test::wanted("nginx:" + tag), test::wanted("r.io/app:" + tag)}};
        const Scan found = scan("f.yaml", before);
        RC_ASSERT(!found.skipped);
        RC_ASSERT(manifest::apply(before, {}).value() == before);
        RC_ASSERT(verify(before, before, {}).has_value());

        std::vector<Edit> edits;
        for (const Place& place : found.places) {
            for (const auto& wish : wishes.images) {
                if (place.image != wish.image) continue;
                auto more = edits_for(before, place, wish);
                RC_ASSERT(more.has_value());
                edits.insert(edits.end(), more->begin(), more->end());
            }
        }
        const auto after = manifest::apply(before, edits);
        RC_ASSERT(after.has_value());
        const auto checked = verify(before, *after, edits);
        if (!checked) RC_FAIL(checked.error().message);

        // Bytes outside of the spans are the same.
        std::string rebuilt;
        std::size_t at = 0;
        std::sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) {
            return a.span < b.span;
        });
        edits.erase(std::unique(edits.begin(), edits.end()), edits.end());
        for (const Edit& edit : edits) {
            RC_ASSERT(before.substr(edit.span.begin, edit.span.size()) == edit.expected);
            rebuilt += before.substr(at, edit.span.begin - at) + edit.replacement;
            at = edit.span.end;
        }
        rebuilt += before.substr(at);
        RC_ASSERT(rebuilt == *after);

        // What was edited reads back as meant, and a second time there is nothing to do.
        const Scan again = scan("f.yaml", *after);
        RC_ASSERT(again.places.size() == found.places.size());
        for (const Place& place : again.places) {
            for (const auto& wish : wishes.images) {
                if (place.image != wish.image) continue;
                RC_ASSERT(named(place).tag == tag);
                RC_ASSERT(edits_for(*after, place, wish).value().empty());
            }
        }
    }));
}

// yaml-cpp's own idea of a number, bool or null is narrower than ours, so it may never disagree.
TEST(PlainLaws, WhatStaysPlainReadsAsText) {
    EXPECT_TRUE(rc::check("plain text is text", [] {
        const auto text = *rc::gen::nonEmpty(rc::gen::container<std::string>(one_of<char>(
            {'0', '1', '9', '.', '-', '_', 'e', 'x', 'o', 'a', ':', 'n', '+', 'E', 'T'}
        )));
        if (!can_be_plain(text, false) || reads_as_other_type(text)) return;
        const YAML::Node node = YAML::Load("[" + text + "]")[0];
        RC_ASSERT(node.IsScalar());
        RC_ASSERT(node.Scalar() == text);
        double number = 0;
        bool flag = false;
        RC_ASSERT(!YAML::convert<double>::decode(node, number));
        RC_ASSERT(!YAML::convert<bool>::decode(node, flag));
    }));
}

}  // namespace
}  // namespace linkspan::manifest
