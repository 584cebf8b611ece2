// Database: SQLite behind values and Results. It knows transactions, statements and failures, and
// nothing of deliveries.
//
// Private to service/store. One thread at a time (the connection has no mutex). A database file
// belongs to one process: FILE.lock is held with flock(2) for as long as the Database lives. That
// is a file of its own because closing any descriptor of the database file would drop SQLite's
// own POSIX locks (https://www.sqlite.org/howtocorrupt.html, 2.2), and because SQLite's exclusive
// locking mode would keep backup tools out too.
//
// Errors: Unavailable (disk full, locked by another program, I/O), Corrupt, Conflict (a constraint,
// or the file belongs to another process), Internal (SQL of ours that is wrong).
#pragma once

#include "core/result.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace linkspan::store {

// Nanoseconds since the epoch, what time columns hold: a time is read back exactly as it was
// written.
std::int64_t to_column(std::chrono::system_clock::time_point t);
std::chrono::system_clock::time_point from_column(std::int64_t ns);

// The text of a statement. consteval: only literals become SQL, so no input ever does.
struct Sql {
    consteval Sql(const char* literal) : text{literal} {}  // NOLINT: implicit on purpose
    const char* text;
};

struct Blob {
    std::string_view bytes;
};

// A parameter of a statement; a view of what it was made from. Text is bound with its length:
// embedded NULs and bytes that are no UTF-8 are stored as they are.
class Value {
public:
    Value(std::string_view text) : kind_{Kind::Text}, text_{text} {}
    Value(const std::string& text) : kind_{Kind::Text}, text_{text} {}
    Value(const char* text) : kind_{Kind::Text}, text_{text} {}
    Value(Blob blob) : kind_{Kind::Blob}, text_{blob.bytes} {}
    Value(std::chrono::system_clock::time_point t) : kind_{Kind::Integer}, integer_{to_column(t)} {}
    Value(std::nullopt_t) {}
    template <class Integer>
    requires std::is_integral_v<Integer> Value(Integer n)
        : kind_{Kind::Integer}, integer_{static_cast<std::int64_t>(n)} {}
    template <class T>
    Value(const std::optional<T>& value) {
        if (value) *this = Value{*value};
    }

private:
    friend class Database;
    enum class Kind { Null, Integer, Text, Blob };
    Kind kind_ = Kind::Null;
    std::int64_t integer_ = 0;
    std::string_view text_;
};

class Database;

// The rows of a statement that is running. Ends with the object; the same SQL can't be started
// again before.
class Query {
public:
    Query(Query&& other) noexcept;
    Query& operator=(Query&&) = delete;
    ~Query();

    Result<bool> next();  // false: no more rows

    [[nodiscard]] bool is_null(int column) const;
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] std::string text(int column) const;  // also for blobs
    [[nodiscard]] std::optional<std::string> optional_text(int column) const;
    [[nodiscard]] std::chrono::system_clock::time_point time(int column) const;

private:
    friend class Database;
    Query(Database& database, sqlite3_stmt* statement)
        : database_{&database}, statement_{statement} {}
    Database* database_;
    sqlite3_stmt* statement_;
};

class Database {
public:
    struct Options {
        std::string vfs;  // empty: SQLite's own; tests put failing disks here
        std::chrono::milliseconds busy_timeout{2000};
        int page_size = 4096;  // of a new file
        // Beside its owner: no lock is taken, nothing is created.
        bool read_only = false;
    };

    // Opens or creates the file, and makes sure that it is a database and ours alone. Changes
    // nothing in a file that exists. ":memory:" has no file.
    static Result<std::unique_ptr<Database>> open(const std::string& path, const Options& options);
    static Result<std::unique_ptr<Database>> open(const std::string& path) {
        return open(path, Options{});
    }
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    // WAL and synchronous=FULL from here on: a commit that returned is on the disk.
    Status make_durable();
    // Statements are prepared once and kept. The arguments must live until the call returns.
    Status run(Sql sql, std::initializer_list<Value> arguments = {});
    Result<Query> query(Sql sql, std::initializer_list<Value> arguments = {});
    // The first column of the first row.
    Result<std::int64_t> integer(Sql sql, std::initializer_list<Value> arguments = {});
    // Several statements, not kept: schema changes.
    Status script(const std::string& sql);

    [[nodiscard]] std::int64_t changes() const;  // rows of the last run()
    [[nodiscard]] std::int64_t last_id() const;  // rowid of the last INSERT

    Status begin();  // takes the write lock at once: no surprise later
    Status commit();
    void rollback();
    // One inside the other, as deep as need be.
    Status savepoint();
    Status release();
    Status rollback_to();  // and releases
    [[nodiscard]] bool in_transaction() const;

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] sqlite3* handle() { return handle_; }

private:
    friend class Query;
    Database() = default;
    Status take_lock();
    Status open_read_only(const Options& options);
    Result<sqlite3_stmt*> prepare(Sql sql);
    Status bind(sqlite3_stmt* statement, std::initializer_list<Value> arguments, bool copy);
    [[nodiscard]] Error failure(int code) const;

    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    std::string path_;
    int lock_ = -1;
    bool read_only_ = false;
    sqlite3* handle_ = nullptr;
    // By the address of the literal.
    std::unordered_map<const char*, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
};

// All or nothing: a transaction, or a savepoint when one is open already. Rolled back unless
// committed.
class Transaction {
public:
    static Result<Transaction> begin(Database& database);
    Transaction(Transaction&& other) noexcept;
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();
    Status commit();

private:
    Transaction(Database& database, bool nested) : database_{&database}, nested_{nested} {}
    Database* database_;  // null: over
    bool nested_;
};

}  // namespace linkspan::store
