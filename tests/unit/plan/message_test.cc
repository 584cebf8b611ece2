#include "core/plan/message.h"

#include <gtest/gtest.h>

#include <string>

namespace linkspan::plan {
namespace {

image::ImageName name(const char* text) { return *image::ImageName::parse(text); }

EditPlan one_change() {
    EditPlan plan;
    plan.base = "0123";
    plan.files.push_back({.path = "apps/web.yaml", .edits = {}, .before = "", .after = ""});
    plan.changes.push_back(
        {.target = "prod",
         .policy = "flux-system:web",
         .path = "apps/web.yaml",
         .line = 12,
         .document = 0,
         .where = "spec.containers[0].image",
         .image = name("registry.example.com/acme/web"),
         .old_tag = "1.0.0",
         .new_tag = "1.1.0",
         .old_digest = {},
         .new_digest = {},
         .why = "greatest",
         .spans = {}}
    );
    plan.causes.push_back(
        {.delivery = "01TEST",
         .event =
             {.image = name("registry.example.com/acme/web"),
              .tag = *image::Tag::parse("1.1.0"),
              .digest = {},
              .media_type = {},
              .pushed_at = {},
              .revision = "abc123",
              .source = {},
              .build_url = {},
              .actor = {}},
         .target = "prod",
         .policy = "flux-system:web"}
    );
    return plan;
}

TEST(CommitMessage, DefaultIsWorthReading) {
    EXPECT_EQ(
        *commit_message({}, one_change()),
        "Update web to 1.1.0 in prod\n"
        "\n"
        "registry.example.com/acme/web: 1.0.0 -> 1.1.0 (policy flux-system:web)\n"
        "\n"
        "- apps/web.yaml:12 spec.containers[0].image\n"
        "\n"
        "Linkspan-Delivery: 01TEST\n"
        "Linkspan-Source-Revision: abc123\n"
    );
}

TEST(CommitMessage, SeveralImagesAreCounted) {
    EditPlan plan = one_change();
    Change other = plan.changes[0];
    other.image = name("registry.example.com/acme/api");
    plan.changes.push_back(other);
    EXPECT_EQ(commit_message({}, plan)->substr(0, 24), "Update 2 images in prod\n");
}

TEST(CommitMessage, TemplateNamesAndLists) {
    EXPECT_EQ(
        *commit_message(
            {.text = "chore({{targets}}): images\n\n"
                     "{{#each changes}}* {{ image }} {{old}} to {{new}}\n{{/each}}"
                     "{{#each causes}}rev {{revision}}{{/each}}"},
            one_change()
        ),
        "chore(prod): images\n\n* registry.example.com/acme/web 1.0.0 to 1.1.0\nrev abc123\n\n"
        "Linkspan-Delivery: 01TEST\nLinkspan-Source-Revision: abc123\n"
    );
}

TEST(CommitMessage, OneUpdateInManyPlacesIsListedOnce) {
    EditPlan plan = one_change();
    plan.changes.push_back(plan.changes[0]);
    const std::string message =
        *commit_message({.text = "{{#each updates}}{{image}};{{/each}}"}, plan);
    EXPECT_EQ(message.substr(0, message.find('\n')), "registry.example.com/acme/web;");
}

TEST(CommitMessage, NothingFromOutsideCanForgeATrailer) {
    EditPlan plan = one_change();
    plan.causes[0].event.revision = "abc\nSigned-off-by: Mallory <m@example.com>";
    plan.causes[0].event.actor = "x\n\nCo-authored-by: Mallory <m@example.com>";
    const std::string message =
        *commit_message({.text = "{{#each causes}}{{actor}}{{/each}}"}, plan);
    EXPECT_EQ(message.find("\nSigned-off-by"), std::string::npos) << message;
    EXPECT_EQ(message.find("\nCo-authored-by"), std::string::npos) << message;
}

TEST(CommitMessage, ALongListIsCutAndSaysSo) {
    EditPlan plan = one_change();
    for (int i = 0; i < 200; ++i) plan.changes.push_back(plan.changes[0]);
    EXPECT_NE(commit_message({}, plan)->find("… and 151 more"), std::string::npos);
}

TEST(CommitMessage, TrailersOfTheTemplateAndOursAreOneBlock) {
    const auto end_of = [](const std::string& text) {
        const std::string message =
            *commit_message({.text = text, .signed_off = "B <b@example.com>"}, one_change());
        return message.substr(message.find('\n') + 1);
    };
    const std::string ours =
        "Linkspan-Delivery: 01TEST\nLinkspan-Source-Revision: abc123\n"
        "Signed-off-by: B <b@example.com>\n";
    EXPECT_EQ(
        end_of("{{subject}}\n\nBody\n\nTeam: shop\nReviewed-by: nobody\n"),
        "\nBody\n\nTeam: shop\nReviewed-by: nobody\n" + ours
    );
    EXPECT_EQ(
        end_of("{{subject}}\n\n{{#each causes}}\nRev: {{revision}}\n{{/each}}"),
        "\nRev: abc123\n" + ours
    );
    // Prose, a subject alone, and a paragraph of which one line is no trailer.
    EXPECT_EQ(end_of("{{subject}}\n\nBody"), "\nBody\n\n" + ours);
    EXPECT_EQ(end_of("fix: {{subject}}"), "\n" + ours);
    EXPECT_EQ(end_of("x\n\nTeam: shop\nand more"), "\nTeam: shop\nand more\n\n" + ours);
    // What a value says makes no trailer.
    EditPlan plan = one_change();
    plan.causes[0].event.actor = "Co-authored-by: Mallory <m@example.com>";
    const std::string forged =
        *commit_message({.text = "x\n\n{{#each causes}}{{actor}}\n{{/each}}"}, plan);
    EXPECT_NE(
        forged.find("Co-\u200bauthored-by: Mallory <m@\u200bexample.com>\n\nLinkspan"),
        std::string::npos
    ) << forged;
}

TEST(CommitMessage, ThereIsAlwaysASubject) {
    EditPlan plan = one_change();
    plan.causes[0].event.actor = "";
    const std::string message = *commit_message(
        {.text = "{{#each causes}}{{actor}}{{/each}}\n\nBody", .skip_ci = true}, plan
    );
    EXPECT_EQ(
        message.substr(0, message.find("\n\nLinkspan")),
        "Update web to 1.1.0 in prod [skip ci]\n\nBody"
    );
}

TEST(MessageTemplate, WhatIsWrongIsNamedWithItsPlace) {
    struct Case {
        const char* text;
        const char* expected;
    };
    const Case cases[] = {
        {"x {{nope}}", "byte 2: unknown name \"nope\""},
        {"{{subject", "byte 0: \"{{\" without \"}}\""},
        {"{{#each things}}{{/each}}",
         "unknown list \"things\"; known: causes, changes, compares, requests, updates"},
        {"  \n", "its first line is empty"},
        {"\n{{subject}}", "its first line is empty"},
        {"{{#each changes}}{{/each}}", "its first line is empty"},
        {"{{#each changes}}", "{{#each}} without {{/each}}"},
        {"{{#each changes}}{{nope}}{{/each}}", "unknown name \"nope\""},
        {"{{#each changes}}{{#each causes}}{{/each}}{{/each}}", "a block inside a block"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.text);
        const auto status = check_template(c.text);
        ASSERT_TRUE(status.has_error());
        EXPECT_NE(status.error().message.find(c.expected), std::string::npos)
            << status.error().message;
    }
    EXPECT_FALSE(check_template(kDefaultMessage).has_error());
    EXPECT_FALSE(check_template("{{#each causes}}{{actor}}: {{/each}}{{targets}}").has_error());
}

TEST(CommitMessage, OptionsAreAppended) {
    const std::string message = *commit_message(
        {.text = "{{subject}}\n\nBody",
         .skip_ci = true,
         .signed_off = "Bridge <bridge@example.com>",
         .change_id = "I0123"},
        one_change()
    );
    EXPECT_EQ(
        message,
        "Update web to 1.1.0 in prod [skip ci]\n"
        "\n"
        "Body\n"
        "\n"
        "Linkspan-Delivery: 01TEST\n"
        "Linkspan-Source-Revision: abc123\n"
        "Change-Id: I0123\n"
        "Signed-off-by: Bridge <bridge@example.com>\n"
    );
}

}  // namespace
}  // namespace linkspan::plan
