// {file: …} or {env: …}
#include "config/mapping.h"
#include "config/quote.h"

#include <algorithm>

namespace linkspan::config {

namespace {

constexpr std::string_view kVariablePattern = "^[A-Za-z_][A-Za-z0-9_]*$";

Result<std::string> variable(std::string_view text) {
    const auto good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
    };
    if ((text[0] < '0' || text[0] > '9') && std::all_of(text.begin(), text.end(), good)) {
        return std::string{text};
    }
    // Not quoted: what is no name of a variable may be the secret itself.
    return Error{
        Errc::InvalidInput, "not the name of an environment variable; write it like HARBOR_SECRET"};
}

}  // namespace

const Mapping<std::optional<SecretRef>>& secret_mapping() {
    using Ref = std::optional<SecretRef>;
    static const Mapping<Ref> mapping{
        "secret", "A secret by reference: where it is, never what it is.", [](Mapping<Ref>& m) {
            m.key(
                "file",
                Shape::text(),
                "File that holds it; one line break at its end is dropped. Read again when it "
                "changes.",
                [](Reader& reader, const Node& node, Ref& ref) {
                    if (auto path = reader.text(node)) {
                        ref = SecretRef{SecretRef::Kind::File, reader.absolute(*path)};
                    }
                }
            );
            m.key(
                "env",
                Shape::text(std::string{kVariablePattern}),
                "Environment variable that holds it.",
                [](Reader& reader, const Node& node, Ref& ref) {
                    const auto written = reader.text(node);
                    if (!written) return;
                    auto name = variable(*written);
                    if (name.has_error()) {
                        reader.problem(node.mark, name.error().message);
                        return;
                    }
                    ref = SecretRef{SecretRef::Kind::Env, std::move(*name)};
                }
            );
            m.exactly_one();
            m.expected("secrets are given by reference: {file: …} or {env: …}");
        }};
    return mapping;
}

}  // namespace linkspan::config
