#include "service/store/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace linkspan::store {

namespace {

using std::chrono::duration_cast;
using std::chrono::nanoseconds;
using std::chrono::system_clock;

constexpr std::string_view kMemory = ":memory:";

Errc kind_of(int code) {
    if (code == SQLITE_IOERR_CORRUPTFS) return Errc::Corrupt;
    switch (code & 0xff) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_FORMAT:
            return Errc::Corrupt;
        case SQLITE_FULL:
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_PROTOCOL:
        case SQLITE_NOLFS:
        case SQLITE_NOMEM:
        case SQLITE_INTERRUPT:
            return Errc::Unavailable;
        case SQLITE_CONSTRAINT:
            return Errc::Conflict;
        case SQLITE_TOOBIG:
            return Errc::InvalidInput;
        default:
            return Errc::Internal;
    }
}

std::string_view advice_for(int code) {
    switch (code & 0xff) {
        case SQLITE_FULL:
            return "; free some space on its file system, the service goes on by itself";
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return "; another program (a backup, an SQL shell) holds a transaction open on it";
        case SQLITE_CORRUPT:
            return "; stop the service and restore a backup, or recover with the `sqlite3` "
                   "program's .recover";
        case SQLITE_NOTADB:
            return "; point `store` at another path, or restore a backup if this was the store";
        case SQLITE_CANTOPEN:
            return "; its directory must exist and be writable";
        case SQLITE_READONLY:
            return "; the file and its directory must be writable";
        default:
            return "";
    }
}

}  // namespace

std::int64_t to_column(system_clock::time_point t) {
    return duration_cast<nanoseconds>(t.time_since_epoch()).count();
}

system_clock::time_point from_column(std::int64_t ns) {
    return system_clock::time_point{duration_cast<system_clock::duration>(nanoseconds{ns})};
}

// Query

Query::Query(Query&& other) noexcept
    : database_{other.database_}, statement_{std::exchange(other.statement_, nullptr)} {}

Query::~Query() {
    if (statement_ == nullptr) return;
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

Result<bool> Query::next() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return database_->failure(code);
}

bool Query::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t Query::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Query::text(int column) const {
    const void* bytes = sqlite3_column_blob(statement_, column);
    const int size = sqlite3_column_bytes(statement_, column);
    if (bytes == nullptr || size <= 0) return {};
    return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

std::optional<std::string> Query::optional_text(int column) const {
    if (is_null(column)) return std::nullopt;
    return text(column);
}

system_clock::time_point Query::time(int column) const { return from_column(integer(column)); }

// Database

void Database::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Result<std::unique_ptr<Database>> Database::open(const std::string& path, const Options& options) {
    if (path.empty()) return Error{Errc::InvalidInput, "the path of the store is empty"};
    std::unique_ptr<Database> database{new Database};
    database->path_ = path;
    if (path != kMemory) {
        // Absolute, without symbolic links: one file has one lock, and SQLite can't take the name
        // for a URI.
        std::error_code ignored;
        auto real = std::filesystem::weakly_canonical(std::filesystem::absolute(path), ignored);
        if (!ignored) database->path_ = real.string();
    }
    if (options.read_only) {
        if (auto status = database->open_read_only(options); status.has_error()) {
            return status.error().within("reading the store");
        }
        return database;
    }
    if (path != kMemory) {
        if (auto status = database->take_lock(); status.has_error()) return status.error();
    }
    const int code = sqlite3_open_v2(
        database->path_.c_str(),
        &database->handle_,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
        options.vfs.empty() ? nullptr : options.vfs.c_str()
    );
    if (code != SQLITE_OK) return database->failure(code).within("opening the store");
    sqlite3_extended_result_codes(database->handle_, 1);
    sqlite3_busy_timeout(database->handle_, static_cast<int>(options.busy_timeout.count()));
    if (sqlite3_db_readonly(database->handle_, "main") == 1) {
        return database->failure(SQLITE_READONLY).within("opening the store");
    }
    // Reads the first page: a file that is no database is found here.
    auto status = database->script(fmt::format(
        "PRAGMA page_size = {}; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
        "PRAGMA foreign_keys = ON; PRAGMA secure_delete = OFF; PRAGMA temp_store = MEMORY;"
        "SELECT count(*) FROM sqlite_schema;",
        options.page_size
    ));
    if (status.has_error()) return status.error().within("opening the store");
    return database;
}

Status Database::open_read_only(const Options& options) {
    read_only_ = true;
    if (!std::filesystem::exists(path_)) {
        return Error{Errc::NotFound, fmt::format("there is no file {}", path_)};
    }
    std::string uri = "file:";
    for (const char c : path_) {
        const bool special = c == '%' || c == '?' || c == '#';
        uri += special ? fmt::format("%{:02X}", static_cast<unsigned char>(c)) : std::string{c};
    }
    // Without a log nobody has it open, and SQLite would make one, which then is ours instead of
    // the service's.
    if (!std::filesystem::exists(path_ + "-wal")) uri += "?immutable=1";
    const int code = sqlite3_open_v2(
        uri.c_str(),
        &handle_,
        SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI,
        options.vfs.empty() ? nullptr : options.vfs.c_str()
    );
    if (code != SQLITE_OK) return failure(code);
    sqlite3_extended_result_codes(handle_, 1);
    sqlite3_busy_timeout(handle_, static_cast<int>(options.busy_timeout.count()));
    return script(
        "PRAGMA trusted_schema = OFF; PRAGMA query_only = ON; PRAGMA temp_store = MEMORY;"
        "SELECT count(*) FROM sqlite_schema;"
    );
}

Database::~Database() {
    statements_.clear();
    sqlite3_close_v2(handle_);
    if (lock_ >= 0) ::close(lock_);  // the file stays: removing it would race with the next owner
}

Status Database::take_lock() {
    const std::string file = path_ + ".lock";
    lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (lock_ < 0) {
        return Error{
            Errc::Unavailable,
            fmt::format(
                "opening the store: {}: {}; its directory must exist and be writable",
                file,
                std::strerror(errno)
            )};
    }
    if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
        const int reason = errno;
        char owner[32] = {};
        const auto n = ::pread(lock_, owner, sizeof owner - 1, 0);
        if (reason == EWOULDBLOCK) {
            return Error{
                Errc::Conflict,
                fmt::format(
                    "the store {} is in use by another process ({}); an SQLite store belongs to "
                    "one process: stop the other one, or give this one a store of its own",
                    path_,
                    n > 0 ? owner : "unknown"
                )};
        }
        return Error{Errc::Unavailable, fmt::format("locking {}: {}", file, std::strerror(reason))};
    }
    // For the message above only; a full disk must not keep the service from starting.
    const std::string owner = fmt::format("pid {}", ::getpid());
    if (::ftruncate(lock_, 0) == 0) {
        [[maybe_unused]] const auto written = ::pwrite(lock_, owner.data(), owner.size(), 0);
    }
    return {};
}

Status Database::make_durable() {
    std::string mode;
    {
        LINKSPAN_TRY(rows, query("PRAGMA journal_mode = WAL"));
        LINKSPAN_TRY(found, rows.next());
        if (found) mode = rows.text(0);
    }
    if (mode != "wal" && path_ != kMemory) {
        return Error{
            Errc::Unavailable,
            fmt::format(
                "{}: the file system does not allow a write-ahead log (journal mode is {}); use "
                "a local file system",
                path_,
                mode
            )};
    }
    return script("PRAGMA synchronous = FULL;");
}

Result<sqlite3_stmt*> Database::prepare(Sql sql) {
    auto& slot = statements_[sql.text];
    if (!slot) {
        sqlite3_stmt* statement = nullptr;
        const int code = sqlite3_prepare_v3(
            handle_, sql.text, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr
        );
        if (code != SQLITE_OK) return failure(code);
        slot.reset(statement);
    }
    if (sqlite3_stmt_busy(slot.get()) != 0) {
        return Error{Errc::Internal, fmt::format("statement is still running: {}", sql.text)};
    }
    return slot.get();
}

Status Database::bind(sqlite3_stmt* statement, std::initializer_list<Value> arguments, bool copy) {
    if (static_cast<std::size_t>(sqlite3_bind_parameter_count(statement)) != arguments.size()) {
        return Error{
            Errc::Internal, fmt::format("wrong number of values: {}", sqlite3_sql(statement))};
    }
    const sqlite3_destructor_type lifetime = copy ? SQLITE_TRANSIENT : SQLITE_STATIC;
    int index = 0;
    for (const Value& value : arguments) {
        ++index;
        // An empty view may point nowhere, which SQLite would take for NULL.
        const char* bytes = value.text_.empty() ? "" : value.text_.data();
        int code = SQLITE_OK;
        switch (value.kind_) {
            case Value::Kind::Null:
                code = sqlite3_bind_null(statement, index);
                break;
            case Value::Kind::Integer:
                code = sqlite3_bind_int64(statement, index, value.integer_);
                break;
            case Value::Kind::Text:
                code = sqlite3_bind_text64(
                    statement, index, bytes, value.text_.size(), lifetime, SQLITE_UTF8
                );
                break;
            case Value::Kind::Blob:
                code = sqlite3_bind_blob64(statement, index, bytes, value.text_.size(), lifetime);
                break;
        }
        if (code != SQLITE_OK) return failure(code);
    }
    return {};
}

Status Database::run(Sql sql, std::initializer_list<Value> arguments) {
    LINKSPAN_TRY(statement, prepare(sql));
    Query running{*this, statement};
    if (auto status = bind(statement, arguments, /*copy=*/false); status.has_error()) {
        return status;
    }
    for (;;) {
        LINKSPAN_TRY(more, running.next());
        if (!more) return {};
    }
}

Result<Query> Database::query(Sql sql, std::initializer_list<Value> arguments) {
    LINKSPAN_TRY(statement, prepare(sql));
    Query rows{*this, statement};
    if (auto status = bind(statement, arguments, /*copy=*/true); status.has_error()) {
        return status.error();
    }
    return rows;
}

Result<std::int64_t> Database::integer(Sql sql, std::initializer_list<Value> arguments) {
    LINKSPAN_TRY(rows, query(sql, arguments));
    LINKSPAN_TRY(found, rows.next());
    if (!found) return Error{Errc::NotFound, fmt::format("no row: {}", sql.text)};
    return rows.integer(0);
}

Status Database::script(const std::string& sql) {
    const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return failure(code);
    return {};
}

std::int64_t Database::changes() const { return sqlite3_changes64(handle_); }
std::int64_t Database::last_id() const { return sqlite3_last_insert_rowid(handle_); }

Status Database::begin() { return read_only_ ? run("BEGIN") : run("BEGIN IMMEDIATE"); }

Status Database::commit() {
    auto status = run("COMMIT");
    // A commit that met a full disk leaves its transaction open.
    if (status.has_error()) rollback();
    return status;
}

void Database::rollback() {
    if (in_transaction()) (void)run("ROLLBACK");
}

Status Database::savepoint() { return run("SAVEPOINT nested"); }
Status Database::release() { return run("RELEASE nested"); }

Status Database::rollback_to() {
    if (auto status = run("ROLLBACK TO nested"); status.has_error()) return status;
    return release();
}

bool Database::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

Error Database::failure(int code) const {
    const int extended = handle_ != nullptr ? sqlite3_extended_errcode(handle_) : code;
    // The handle remembers the last call; when that is not the one that failed, say less.
    const bool ours = handle_ != nullptr && (extended & 0xff) == (code & 0xff);
    std::string message =
        fmt::format("{}: {}", path_, ours ? sqlite3_errmsg(handle_) : sqlite3_errstr(code));
    const int system = handle_ != nullptr ? sqlite3_system_errno(handle_) : 0;
    const int primary = code & 0xff;
    if (system != 0 && (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN)) {
        message += fmt::format(" ({})", std::strerror(system));
    }
    message += advice_for(code);
    return {kind_of(ours ? extended : code), std::move(message)};
}

// Transaction

Result<Transaction> Transaction::begin(Database& database) {
    const bool nested = database.in_transaction();
    auto status = nested ? database.savepoint() : database.begin();
    if (status.has_error()) return status.error();
    return Transaction{database, nested};
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_{std::exchange(other.database_, nullptr)}, nested_{other.nested_} {}

Transaction::~Transaction() {
    if (database_ == nullptr || !database_->in_transaction()) return;
    if (nested_) {
        (void)database_->rollback_to();
    } else {
        database_->rollback();
    }
}

Status Transaction::commit() {
    Database& database = *database_;
    if (nested_) {
        auto status = database.release();
        if (!status.has_error()) database_ = nullptr;
        return status;
    }
    database_ = nullptr;
    return database.commit();
}

}  // namespace linkspan::store
