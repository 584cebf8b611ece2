// Prints what webhook and cloudevents notifications send, one JSON object a line: headers (lower
// case), body, secret. The time is now: verifiers refuse old signatures.
#include "tests/unit/notify/samples.h"

#include <cctype>
#include <cstdio>
#include <string>

int main() {
    using namespace linkspan;
    using namespace linkspan::notify;
    const std::string secret = "whsec_dGVzdCBrZXksIG5vdCByZWFsLCAyNCBieXRlcw==";
    for (const Type type : {Type::Webhook, Type::CloudEvents}) {
        for (const char* kind : {"committed", "apply_failed"}) {
            Message message = test::sample();
            message.kind = kind;
            message.items[0].actor = "Zoë 日本 \"<&>\"";
            Sink to = test::sink(type);
            to.secret = Secret{secret};
            const auto request = make_request(to, message, std::chrono::system_clock::now());
            if (request.has_error()) return 1;
            nlohmann::json headers;
            for (auto [name, value] : request->headers) {
                for (char& c : name) c = static_cast<char>(std::tolower(c));
                headers[name] = value;
            }
            const nlohmann::json line{
                {"headers", headers}, {"body", request->body}, {"secret", secret}};
            std::puts(line.dump().c_str());
        }
    }
    return 0;
}
