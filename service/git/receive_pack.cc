#include "service/git/receive_pack.h"

#include "service/git/missing_repository.h"
#include "service/git/readable_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace linkspan::git {
namespace {

constexpr std::size_t kMaxAdvertisement = 64 << 20;
constexpr std::size_t kMaxReport = 1 << 20;
constexpr std::size_t kMaxSaid = 64 << 10;
constexpr std::string_view kZeroId = "0000000000000000000000000000000000000000";

bool starts_with(std::string_view text, std::string_view prefix) {
    return text.substr(0, prefix.size()) == prefix;
}

std::string_view without_newline(std::string_view line) {
    if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
    return line;
}

bool is_id(std::string_view text) {
    return text.size() == kZeroId.size() && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

std::vector<std::string> split_words(std::string_view text) {
    std::vector<std::string> words;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        if (end > 0) words.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

Error protocol_error(const PacketReader& packets) {
    return {Errc::Unavailable, packets.from() + ": the answer is not in Git's protocol"};
}

Error server_error(const PacketReader& packets, std::string_view text) {
    const bool missing = means_missing_repository(text);
    return {
        missing ? Errc::NotFound : Errc::Unavailable,
        fmt::format("{}: the server says: {}", packets.from(), readable_line(text, 300))};
}

Status skip_service_line(PacketReader& packets) {
    LINKSPAN_TRY(line, packets.next());
    if (!line || !starts_with(*line, "# service=")) return protocol_error(packets);
    LINKSPAN_TRY(flush, packets.next());
    if (flush) return protocol_error(packets);
    return {};
}

void read_status_line(std::string_view line, std::string_view ref, PushReport& report) {
    line = without_newline(line);
    if (starts_with(line, "unpack ")) {
        report.unpack = line.substr(7);
    } else if (starts_with(line, "ok ") && line.substr(3) == ref) {
        report.updated = true;
    } else if (starts_with(line, "ng ") && starts_with(line.substr(3), ref)) {
        report.reason = line.substr(std::min(line.size(), 3 + ref.size() + 1));
        if (report.reason.empty()) report.reason = "refused";
    }
}

bool settled(const PushReport& report) { return report.updated || !report.reason.empty(); }

// Status packets inside the data band; they need not fall together with the outer packets.
Status read_status(std::string& status, std::string_view ref, PushReport& report) {
    std::size_t at = 0;
    PacketReader inner{
        [&](char* buffer, std::size_t size) -> Result<std::size_t> {
            const auto count = std::min(size, status.size() - at);
            std::copy_n(status.data() + at, count, buffer);
            at += count;
            return count;
        },
        "the report"};
    for (;;) {
        const auto line = inner.next();
        if (line.has_error() || !*line) return {};
        read_status_line(**line, ref, report);
    }
}

Result<PushReport> read_plain_report(PacketReader& packets, std::string_view ref) {
    PushReport report;
    for (;;) {
        LINKSPAN_TRY(line, packets.next());
        if (!line) return report;
        if (starts_with(*line, "ERR ")) return server_error(packets, line->substr(4));
        read_status_line(*line, ref, report);
        if (packets.total() > kMaxReport) return protocol_error(packets);
    }
}

}  // namespace

bool Advertisement::can(std::string_view capability) const {
    return std::any_of(capabilities.begin(), capabilities.end(), [&](const std::string& c) {
        return c == capability;
    });
}

Result<Advertisement> read_advertisement(
    PacketReader& packets, bool named_service, std::string_view ref
) {
    if (named_service) {
        if (auto status = skip_service_line(packets); status.has_error()) return status.error();
    }
    Advertisement result;
    for (bool first = true;; first = false) {
        LINKSPAN_TRY(packet, packets.next());
        if (!packet) return result;
        if (packets.total() > kMaxAdvertisement) return protocol_error(packets);
        auto line = *packet;
        if (starts_with(line, "ERR "))
            return server_error(packets, without_newline(line.substr(4)));
        if (starts_with(line, "version ") || starts_with(line, "shallow ")) continue;
        if (const auto nul = line.find('\0'); nul != std::string_view::npos) {
            if (first) result.capabilities = split_words(without_newline(line.substr(nul + 1)));
            line = line.substr(0, nul);
        }
        line = without_newline(line);
        const auto blank = line.find(' ');
        if (blank == std::string_view::npos || !is_id(line.substr(0, blank))) {
            return protocol_error(packets);
        }
        const CommitId id{std::string{line.substr(0, blank)}};
        const auto name = line.substr(blank + 1);
        if (name == "capabilities^{}") continue;  // there are no refs
        if (name == ref) result.tip = id;
        if (starts_with(name, "refs/heads/")) result.branches.push_back(id);
    }
}

Result<std::string> write_command(const PushCommand& command, const Advertisement& advertisement) {
    std::string capabilities = " report-status";
    for (std::string_view wish : {"side-band-64k", "quiet", "object-format=sha1"}) {
        if (advertisement.can(wish)) capabilities += fmt::format(" {}", wish);
    }
    if (!command.options.empty()) {
        if (!advertisement.can("push-options")) {
            return Error{Errc::InvalidInput, "the server takes no push options"};
        }
        capabilities += " push-options";
    }
    capabilities += " agent=linkspan/" LINKSPAN_VERSION;
    const auto old_id = command.old_id.hex.empty() ? kZeroId : std::string_view{command.old_id.hex};
    std::string line = fmt::format("{} {} {}", old_id, command.new_id.hex, command.ref);
    line += '\0';
    line += capabilities;
    std::string bytes;
    append_packet(bytes, line);
    bytes += kFlush;
    if (!command.options.empty()) {
        for (const auto& option : command.options) append_packet(bytes, option);
        bytes += kFlush;
    }
    return bytes;
}

Result<PushReport> read_report(
    PacketReader& packets, const Advertisement& advertisement, std::string_view ref
) {
    if (!advertisement.can("side-band-64k")) return read_plain_report(packets, ref);
    PushReport report;
    std::string status;
    for (;;) {
        const auto packet = packets.next();
        if (packet.has_error()) {
            (void)read_status(status, ref, report);
            if (settled(report)) return report;
            Error error = packet.error();
            if (!report.said.empty()) error.message += ": " + readable_line(report.said);
            return error;
        }
        if (!*packet) break;
        const auto bytes = **packet;
        if (bytes.empty()) continue;
        if (starts_with(bytes, "ERR ")) return server_error(packets, bytes.substr(4));
        const auto text = bytes.substr(1);
        switch (bytes.front()) {
            case 1:
                if (status.size() + text.size() > kMaxReport) return protocol_error(packets);
                status += text;
                break;
            case 2:
                report.said.append(text.substr(0, kMaxSaid - std::min(kMaxSaid, report.said.size()))
                );
                break;
            case 3:
                return server_error(packets, text);
            default:
                return protocol_error(packets);
        }
    }
    (void)read_status(status, ref, report);
    return report;
}

std::string rejection_text(const PushReport& report) {
    std::string text = readable_lines(report.said);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    const auto reason = readable_line(
        !report.unpack.empty() && report.unpack != "ok" ? report.unpack : report.reason
    );
    if (!text.empty() && !reason.empty()) text += '\n';
    return text + reason;
}

}  // namespace linkspan::git
