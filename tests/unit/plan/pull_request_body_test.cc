// Titles and bodies. With LINKSPAN_BODIES=DIR the default bodies are written there, for a renderer.
#include "core/plan/markdown.h"
#include "core/plan/pull_request.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace linkspan::plan {
namespace {

const std::string kOld = "sha256:" + std::string(64, 'a');
const std::string kNew = "sha256:" + std::string(64, 'b');

Change change_of(const std::string& name, const std::string& from, const std::string& to) {
    Change change;
    change.target = "prod";
    change.policy = "flux-system:" + name;
    change.path = "clusters/prod/" + name + ".yaml";
    change.line = 12;
    change.where = "spec.template.spec.containers[0].image";
    change.image = *image::ImageName::parse("registry.example.com/acme/" + name);
    change.old_tag = from;
    change.new_tag = to;
    change.why = "\"" + to + "\" is the greatest of 12 versions in \">=1.0.0 <2.0.0\"";
    return change;
}

Cause cause_of(const Change& change) {
    image::ImageEvent event{
        .image = change.image,
        .tag = *image::Tag::parse(change.new_tag),
        .digest = change.new_digest,
        .media_type = {},
        .pushed_at = "2026-08-01T10:00:00Z",
        .revision = "bbbbbbb",
        .source = "https://github.com/acme/app",
        .build_url = "https://ci.example.com/builds/42",
        .actor = "ann"};
    return {.delivery = "01TEST", .event = event, .target = "prod", .policy = change.policy};
}

Proposal proposal_of(std::vector<Change> changes) {
    Proposal proposal;
    proposal.target = "prod";
    for (const auto& change : changes) {
        proposal.plan.causes.push_back(cause_of(change));
        proposal.origins[change.image.str() + ":" + change.old_tag] = {
            .revision = "aaaaaaa", .source = "https://github.com/acme/app", .created = ""};
    }
    proposal.plan.changes = std::move(changes);
    // 2026-08-01T10:12:00Z
    proposal.proposed_at = std::chrono::system_clock::time_point{std::chrono::seconds{1785579120}};
    return proposal;
}

Proposal single() { return proposal_of({change_of("app", "1.4.1", "1.4.2")}); }
Proposal group(int count) {
    std::vector<Change> changes;
    for (int i = 0; i < count; ++i) {
        changes.push_back(change_of("service-" + std::to_string(i), "1.4.1", "1.4.2"));
        changes.back().old_digest = kOld;
        changes.back().new_digest = kNew;
    }
    return proposal_of(std::move(changes));
}
Proposal digest_only() {
    Change change = change_of("app", "stable", "stable");
    change.old_digest = kOld;
    change.new_digest = kNew;
    return proposal_of({change});
}
Proposal rollback() {
    Proposal proposal = proposal_of({change_of("app", "1.4.2", "1.4.1")});
    proposal.rollback = true;
    proposal.reason = "1.4.2 loses orders";
    return proposal;
}
Proposal refused() {
    Proposal proposal = single();
    proposal.refused = {
        "registry.example.com/acme/web:2.0.0: no signature by an identity that the policy trusts"};
    proposal.verified = {"registry.example.com/acme/app:1.4.2: signed by release@acme.example"};
    return proposal;
}
const std::string kHostile =
    "@ann #1 !2 <!-- --> <script>alert(1)</script> [x](https://evil.example) | `` `code` ``\n# H\n"
    "https://evil.example www.evil.example ![i](http://evil.example/x.png) &lt; \\ **b** \u202e";
Proposal hostile() {
    Proposal proposal = single();
    proposal.plan.causes[0].event.actor = kHostile;
    proposal.plan.causes[0].event.revision = "x](https://evil.example)";
    proposal.plan.causes[0].event.build_url = "javascript:alert(1)";
    proposal.plan.changes[0].why = kHostile;
    proposal.plan.changes[0].where = kHostile;
    proposal.plan.changes[0].policy = kHostile;
    proposal.refused = {kHostile};
    proposal.reason = kHostile;
    proposal.group = kHostile;
    return proposal;
}

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

TEST(PullRequestBody, HasWhatAReviewerWants) {
    const std::string text = body(single());
    for (const char* part :
         {"| `registry.example.com/acme/app` | `1.4.1` → `1.4.2` "
          "[compare](https://github.com/acme/app/compare/aaaaaaa...bbbbbbb) |",
          "| Image | Change | Policy | Why | Pushed |",
          "2026-08-01 10:00 UTC (12 minutes old)",
          "`clusters/prod/app.yaml:12`",
          "pushed by `ann`, [build](https://ci.example.com/builds/42)",
          "linkspan rebuild",
          "<!-- linkspan:v1 "}) {
        EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
    }
    EXPECT_EQ(read_state(text)->images, carried(single().plan));
}

TEST(PullRequestBody, ShowsDigestsRollbacksAndRefusals) {
    EXPECT_NE(body(digest_only()).find("`aaaaaaaaaaaa` → `bbbbbbbbbbbb`"), std::string::npos);
    EXPECT_NE(
        body(rollback()).find("Rolls back an image in `prod`. Reason: 1.4.2 loses"),
        std::string::npos
    );
    EXPECT_NE(body(refused()).find("**Refused**"), std::string::npos);
}

TEST(PullRequestBody, ManyRowsSayWhyBelowTheTable) {
    const std::string same = body(group(30));
    EXPECT_NE(same.find("| Image | Change | Digest | Policy |\n"), std::string::npos);
    EXPECT_NE(same.find("**Why:** \"1.4.2\" is the greatest"), std::string::npos);
    EXPECT_NE(same.find("**Pushed:** 2026-08-01 10:00 UTC (12 minutes old)"), std::string::npos);
    Proposal proposal = group(30);
    proposal.plan.changes[7].why = "somebody asked";
    const std::string text = body(proposal);
    EXPECT_NE(text.find("service-2` and 26 more: \"1.4.2\""), std::string::npos) << text;
    EXPECT_NE(
        text.find("- `registry.example.com/acme/service-7`: somebody asked\n"), std::string::npos
    );
    EXPECT_NE(body(group(5)).find("| Policy | Why |"), std::string::npos);
}

TEST(PullRequestBody, SaysHowToHoldInWordsForAShell) {
    EXPECT_NE(body(single()).find("`linkspan hold prod flux-system:app`"), std::string::npos);
    EXPECT_NE(body(group(2)).find("To hold: `linkspan hold`."), std::string::npos);
    for (const char* policy : {"a;b", "$(b)", "--server=x", "a b`", "a|b"}) {
        Proposal proposal = single();
        proposal.plan.changes[0].policy = policy;
        EXPECT_NE(body(proposal).find("To hold: `linkspan hold`."), std::string::npos) << policy;
    }
}

TEST(PullRequestBody, ImagesInSentencesStandOut) {
    const std::string text = body(refused());
    EXPECT_NE(
        text.find("- `registry.example.com/acme/web:2.0.0`: no signature"), std::string::npos
    );
}

// What platforms make links, mentions, pictures, lists or commands of.
TEST(Markdown, ProseMeansNothing) {
    const std::string z = "\u200b";
    const struct {
        const char* text;
        std::string expected;
    } cases[] = {
        {"ask @team", "ask @" + z + "team"},
        {"@acme/platform", "@" + z + "acme/platform"},
        {"#1 acme/fleet#1 AB#1", "#" + z + "1 acme/fleet#" + z + "1 AB#" + z + "1"},
        {"GH-1 gh-1 JIRA-12", "GH-" + z + "1 gh-" + z + "1 JIRA-" + z + "12"},
        {"release-1 high-2", "release-1 high-2"},
        {"!1 &2 ~bug %3 $4 ^5",
         "!" + z + "1 &amp;" + z + "2 ~" + z + "bug %" + z + "3 $" + z + "4 ^" + z + "5"},
        {"ann@example.com", "ann@" + z + "example.com"},
        {"mailto:ann@example.com", "mailto:ann@" + z + "example.com"},
        {"www.example.com WWW.example.com", "www" + z + ".example.com WWW" + z + ".example.com"},
        {"https://x ftp://y", "https:" + z + "//x ftp:" + z + "//y"},
        {"at 6be916f by", "at 6be916" + z + "f by"},
        {"main-6be916f3a28e625154a7b3a2a0fc5553e92efd19",
         "main-6be916" + z + "f3a28e625154a7b3a2a0fc5553e92efd19"},
        {"acme/fleet@6be916f3", "acme/fleet@" + z + "6be916" + z + "f3"},
        {"1700000000 deadbee facade1x", "1700000000 deadbee facade1x"},
        {"well :tada: done", "well :" + z + "tada: done"},
        {"app:1.4.2: signed", "app:1.4.2: signed"},
        {"1. one", "1\\. one"},
        {"1) one", "1\\) one"},
        {"v1. one", "v1. one"},
        {"/close", "\\/close"},
        {"    code", "code"},
        {"- item", "\\- item"},
        {"===", "\\==="},
        {"<b>x</b> <!-- y -->", "&lt;b&gt;x&lt;/b&gt; &lt;!" + z + "-- y --&gt;"},
        {"a | b", "a ¦ b"},
        {"`x` ```", "ˋxˋ ˋˋˋ"},
        {"**b** _i_ ~~s~~", "\\*\\*b\\*\\* \\_i\\_ ~" + z + "~" + z + "s~" + z + "~" + z},
        {"[x](y) ![z](y) [^1]", "\\[x\\](y) !" + z + "\\[z\\](y) \\[^" + z + "1\\]"},
        {"a\u202eb\u2066c\u200fd\x1b[0m\ae\tf\ng", "a b c d \\[0m e f g"},
        {"\xff\xc0\xaf", "\ufffd\ufffd\ufffd"},
        {"", ""},
        {"    ", ""},
    };
    for (const auto& one : cases) EXPECT_EQ(markdown::prose(one.text), one.expected) << one.text;
}

TEST(PullRequestBody, IsCutToThePlatformsLimit) {
    for (const std::size_t limit : {1000U, 2000U, 4000U, 8000U, 30000U, 65536U}) {
        for (const int count : {1, 30, 300}) {
            TextOptions options;
            options.body_limit = limit;
            const std::string text = put_into("", body(group(count), options), true, limit);
            EXPECT_LE(markdown::length(text), limit) << count;
            const auto state = read_state(text);
            ASSERT_TRUE(state) << limit << " " << count;
            EXPECT_EQ(state->images.size() + state->left_out, static_cast<std::size_t>(count));
        }
    }
    TextOptions options;
    options.body_limit = 4000;
    EXPECT_NE(body(group(30), options).find("| `1.4.1` → `1.4.2` |"), std::string::npos);
}

TEST(PullRequestBody, OutsideTextCanDoNothing) {
    for (const bool html : {true, false}) {
        TextOptions options;
        options.html_comments = html;
        const std::string text = body(hostile(), options);
        for (const char* bad :
             {"@ann",
              "<script",
              "](https://evil",
              "](http://evil",
              "\n# H",
              "https://evil.example www",
              "www.evil",
              "javascript:",
              "\u202e",
              "**b**",
              "#1",
              "!2"}) {
            std::size_t at = text.find(bad);
            // In a code span nothing of this means anything.
            while (at != std::string::npos) {
                const auto line = text.rfind('\n', at) + 1;
                if (at > text.find("linkspan:v1 ")) break;  // hidden
                const auto ticks = std::count(
                    text.begin() + static_cast<std::ptrdiff_t>(line),
                    text.begin() + static_cast<std::ptrdiff_t>(at),
                    '`'
                );
                EXPECT_EQ(ticks % 2, 1) << bad << " in " << text.substr(line, 300);
                if (std::string_view{bad}[0] == '<' || bad[0] == '\n') ADD_FAILURE() << bad;
                at = text.find(bad, at + 1);
            }
        }
        const auto state = read_state(text);
        ASSERT_TRUE(state);
        EXPECT_EQ(state->group, kHostile);
        // One comment of the checkbox, one of the state; nothing ends one early.
        const auto count = [&](const std::string& what) {
            std::size_t n = 0;
            for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
                ++n;
            return n;
        };
        EXPECT_EQ(count("<!--"), html ? 2U : 0U);
        EXPECT_EQ(count("-->"), html ? 2U : 0U);
    }
}

TEST(PullRequestBody, TemplatesOfTheUser) {
    TextOptions options;
    options.body = "# {{target}}\n{{#each updates}}- `{{image}}` {{why}}\n{{/each}}{{table}}";
    EXPECT_TRUE(body(single(), options).starts_with("# prod\n- `registry.example.com/acme/app` "));
    EXPECT_FALSE(check_body(options.body).has_error());
    EXPECT_TRUE(check_body("{{nothing}}").has_error());
    EXPECT_TRUE(check_title("{{table}}").has_error());
    EXPECT_FALSE(check_title(kDefaultTitle).has_error());
}

TEST(PullRequestBody, ForTheRenderer) {
    const char* const folder = std::getenv("LINKSPAN_BODIES");
    if (folder == nullptr) GTEST_SKIP() << "LINKSPAN_BODIES names no folder";
    const std::pair<const char*, Proposal> all[] = {
        {"single", single()},
        {"group-of-30", group(30)},
        {"digest-only", digest_only()},
        {"rollback", rollback()},
        {"refused-signature", refused()},
        {"hostile", hostile()}};
    for (const auto& [name, proposal] : all) {
        std::ofstream{std::string{folder} + "/" + name + ".md"} << body(proposal) << "\n";
    }
    TextOptions azure;
    azure.body_limit = 4000;
    std::ofstream{std::string{folder} + "/group-of-30-azure.md"} << body(group(30), azure) << "\n";
}

}  // namespace
}  // namespace linkspan::plan
