#include "core/plan/markdown.h"
#include "core/plan/pull_request.h"
#include "pull_request_samples.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace linkspan::plan {
namespace {

using namespace samples;

std::string body(const Proposal& proposal, const TextOptions& options = {}) {
    auto text = body_of(proposal, options);
    return text.has_error() ? "error: " + text.error().message : *text;
}

TEST(PullRequestTitle, SaysWhat) {
    EXPECT_EQ(*title_of(single(), {}), "Update app to 1.4.2 in prod");
    EXPECT_EQ(*title_of(group(30), {}), "Update 30 images in prod");
    EXPECT_EQ(*title_of(digest_only(), {}), "Update app stable to bbbbbbbbbbbb in prod");
    EXPECT_EQ(*title_of(rollback(), {}), "Roll back app to 1.4.1 in prod");
    TextOptions conventional;
    conventional.style = CommitStyle::Conventional;
    EXPECT_EQ(*title_of(single(), conventional), "chore(images): update app to 1.4.2 in prod");
    TextOptions own;
    own.title = "{{target}}: {{images}} @ann";
    own.title_limit = 8;
    EXPECT_EQ(*title_of(single(), own), "prod: 1…");
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST(PullRequestTitle, IsNeverEmptyNorADraftsNorCut) {
    TextOptions own;
    own.title = "{{reason}}";
    EXPECT_EQ(*title_of(single(), own), "Update app to 1.4.2 in prod");
    for (const char* title : {"Draft: {{subject}}", "wip: x", "[WIP] x", "(draft) x", "WIP x"}) {
        own.title = title;
        const std::string made = *title_of(single(), own);
        EXPECT_TRUE(has(made.substr(0, 6), "\u200b")) << made;
    }
    own.title = "{{group}}: images";
    Proposal proposal = single();
    proposal.group = "Draft";
    EXPECT_EQ(*title_of(proposal, own), "D\u200braft: images");
    // Of the template's own words nothing is taken away.
    own.title = "OPS-12 [{{target}}] {{subject}}\n(#7)";
    EXPECT_EQ(*title_of(single(), own), "OPS-12 [prod] Update app to 1.4.2 in prod (#7)");
    own.title = "Drafting {{target}}";
    EXPECT_EQ(*title_of(single(), own), "Drafting prod");
}

TEST(PullRequestBody, HasWhatAReviewerWants) {
    const std::string text = body(single());
    for (const char* part :
         {"Updates `registry.example.com/acme/app` in `prod`.\n",
          "| `app` | `1.4.1` → `1.4.2` "
          "[compare](https://github.com/acme/app/compare/aaaaaaa...bbbbbbb) |",
          "| Image | Change | Policy | Why | Pushed |",
          "2026-08-01 10:00 UTC (12 minutes old when proposed)",
          "**1 place in 1 file**",
          "`clusters/prod/app.yaml:12`",
          "**Build:** pushed by `ann`, [build](https://ci.example.com/builds/42)\n",
          "linkspan rebuild",
          "<!-- linkspan:v1 "}) {
        EXPECT_TRUE(has(text, part)) << part << "\n" << text;
    }
    EXPECT_EQ(read_state(text)->images, carried(single().plan));
}

TEST(PullRequestBody, ShowsDigestsRollbacksAndRefusals) {
    EXPECT_TRUE(has(body(digest_only()), "`aaaaaaaaaaaa` → `bbbbbbbbbbbb`"));
    const std::string back = body(rollback());
    EXPECT_TRUE(
        has(back,
            "Rolls back `registry.example.com/acme/app` in `prod`: ann asked for it: 1.4.2 loses "
            "orders.")
    ) << back;
    // Not a second time in the table.
    EXPECT_TRUE(has(back, "| Image | Change | Policy | Pushed |")) << back;
    // What decides comes before where it is.
    const std::string said_no = body(refused());
    EXPECT_LT(said_no.find("**Refused**"), said_no.find("**Build:**"));
    EXPECT_LT(said_no.find("**Build:**"), said_no.find("**1 place in 1 file**"));
    EXPECT_TRUE(has(body(soaking()), "**Soaks until 2026-08-02 10:12 UTC:**"));
}

TEST(PullRequestBody, WhatAllImagesShareIsSaidOnce) {
    Proposal proposal = group(2);
    EXPECT_TRUE(has(body(proposal), "Updates 2 images of `registry.example.com/acme` in `prod`."));
    EXPECT_TRUE(has(body(proposal), "| `service-1` | "));
    proposal.plan.changes[1].image = *image::ImageName::parse("registry.example.com/tools/web");
    EXPECT_TRUE(has(body(proposal), "Updates 2 images of `registry.example.com` in `prod`."));
    EXPECT_TRUE(has(body(proposal), "| `tools/web` | "));
    proposal.plan.changes[1].image = *image::ImageName::parse("other.example.com/tools/web");
    EXPECT_TRUE(has(body(proposal), "Updates 2 images in `prod`."));
    EXPECT_TRUE(has(body(proposal), "| `other.example.com/tools/web` | "));
}

TEST(PullRequestBody, ABuildIsToldOnce) {
    EXPECT_TRUE(has(body(group(30)), "**Build:** pushed by `ann`, [build]"));
    Proposal proposal = group(30);
    proposal.plan.causes[4].event.actor = "bob";
    const std::string text = body(proposal);
    EXPECT_TRUE(has(
        text,
        "- `service-0:1.4.2`, `service-1:1.4.2`, `service-2:1.4.2` and 26 more: pushed by `ann`"
    )) << text;
    EXPECT_TRUE(has(text, "- `service-4:1.4.2`: pushed by `bob`"));
}

TEST(PullRequestBody, TimesThatCantBeAreLeftOut) {
    Proposal proposal = single();
    auto& pushed = proposal.plan.causes[0].event.pushed_at;
    for (const char* time : {"9999-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "yesterday", ""}) {
        pushed = time;
        EXPECT_TRUE(has(body(proposal), "| Image | Change | Policy | Why |\n")) << time;
    }
    // What the image says of itself, where nobody told of a push.
    auto& origin = proposal.origins["registry.example.com/acme/app:1.4.2"];
    origin.created = "2026-07-31T10:12:00Z";
    pushed.reset();
    EXPECT_TRUE(has(body(proposal), "built 2026-07-31 10:12 UTC (24 hours old when proposed)"));
    pushed = "2026-08-01T10:00:00Z";
    EXPECT_TRUE(has(body(proposal), "| 2026-08-01 10:00 UTC (12 minutes old when proposed) |"));
}

TEST(PullRequestBody, ManyRowsSayWhyBelowTheTable) {
    const std::string same = body(group(30));
    EXPECT_TRUE(has(same, "| Image | Change | Digest | Policy |\n"));
    EXPECT_TRUE(has(same, "**Why, of all:** \"1.4.2\" is the greatest"));
    EXPECT_TRUE(has(same, "**Pushed, all:** 2026-08-01 10:00 UTC (12 minutes old when proposed)"));
    Proposal proposal = group(30);
    proposal.plan.changes[7].why = "somebody asked";
    const std::string text = body(proposal);
    EXPECT_TRUE(has(text, "service-2` and 26 more: \"1.4.2\"")) << text;
    EXPECT_TRUE(has(text, "- `service-7`: somebody asked\n"));
    EXPECT_TRUE(has(body(group(5)), "| Policy | Why |"));
}

TEST(PullRequestBody, SaysHowToHoldInWordsForAShell) {
    EXPECT_TRUE(has(body(single()), "`linkspan hold prod flux-system:app --reason …`"));
    EXPECT_TRUE(has(body(single()), "`linkspan resume prod flux-system:app --reason …`"));
    EXPECT_TRUE(has(body(group(2)), "`linkspan hold prod POLICY --reason …`"));
    for (const char* policy : {"a;b", "$(b)", "--server=x", "a b`", "a|b"}) {
        Proposal proposal = single();
        proposal.plan.changes[0].policy = policy;
        EXPECT_TRUE(has(body(proposal), "`linkspan hold prod POLICY --reason …`")) << policy;
    }
}

TEST(PullRequestBody, SaysWhatToDoInThePlatformsWords) {
    TextOptions bitbucket;
    bitbucket.html_comments = false;
    bitbucket.checkboxes = false;
    bitbucket.closing = "Decline";
    const std::string text = body(single(), bitbucket);
    EXPECT_TRUE(has(text, "- Decline this to ignore this tag and digest here"));
    EXPECT_FALSE(has(text, "[ ]")) << text;
    EXPECT_FALSE(has(text, "<")) << text;
    const std::string github = body(group(2));
    EXPECT_TRUE(has(github, "- Close this to ignore these tags and digests here"));
    EXPECT_TRUE(has(github, "- [ ] <!-- linkspan:rebuild -->Rebuild this branch: drops commits"));
    EXPECT_TRUE(rebuild_is_ticked("- [x] <!-- linkspan:rebuild -->Rebuild this branch: drops"));
}

TEST(PullRequestBody, ImagesInSentencesStandOut) {
    EXPECT_TRUE(has(body(refused()), "- `registry.example.com/acme/app:1.5.0`: no signature"));
}

TEST(PullRequestBody, IsCutToThePlatformsLimit) {
    for (const std::size_t limit : {1000U, 2000U, 4000U, 8000U, 30000U, 65536U}) {
        for (const bool html : {true, false}) {
            Proposal long_names = longest();
            long_names.group = std::string(5000, '%');
            for (const auto& proposal : {group(1), group(30), group(300), hostile(), long_names}) {
                TextOptions options;
                options.body_limit = limit;
                options.html_comments = options.checkboxes = html;
                const std::string text = put_into("", body(proposal, options), html, limit);
                EXPECT_LE(markdown::length(text), limit);
                const auto state = read_state(text);
                ASSERT_TRUE(state) << limit;
                EXPECT_EQ(state->images.size() + state->left_out, carried(proposal.plan).size());
            }
        }
    }
    TextOptions options;
    options.body_limit = 4000;
    EXPECT_NE(body(group(30), options).find("| `1.4.1` → `1.4.2` |"), std::string::npos);
}

TEST(PullRequestBody, TemplatesOfTheUser) {
    TextOptions options;
    options.body = "# {{target}}\n{{#each updates}}- `{{image}}` {{why}}\n{{/each}}{{table}}";
    EXPECT_TRUE(body(single(), options).starts_with("# prod\n- `registry.example.com/acme/app` "));
    EXPECT_FALSE(check_body(options.body).has_error());
    EXPECT_TRUE(check_body("{{nothing}}").has_error());
    EXPECT_TRUE(check_title("{{table}}").has_error());
    EXPECT_FALSE(check_title(kDefaultTitle).has_error());
    // A place for an address takes nothing else.
    options.body = "{{#each causes}}[build]({{build_url}}), [source]({{actor}}){{/each}}";
    EXPECT_TRUE(
        has(body(single(), options), "[build](https://ci.example.com/builds/42), [source]()\n")
    ) << body(single(), options);
    // Whatever it says, the state is there, and is ours.
    for (const char* text : {"x", "```", "<!--", "<!-- linkspan:v1 target=a sum=0 -->", "| a |"}) {
        options.body = text;
        EXPECT_EQ(read_state(body(single(), options))->target, "prod") << text;
    }
}

}  // namespace
}  // namespace linkspan::plan
