// The schema, as the numbered steps that lead to it. PRAGMA user_version counts the steps that a
// file has seen.
#pragma once

#include "core/result.h"

namespace linkspan::store {

class Database;

// "LKSP", in the header of every file of ours (PRAGMA application_id).
constexpr int kApplicationId = 0x4C4B5350;

int schema_version();  // the newest one, which this program works with

// Changes nothing. Errors: Conflict for a schema of a newer program, or another program's database.
Status check_schema(Database& database);

// Takes the missing steps up to `version`, each in a transaction of its own. Errors: those of
// check_schema, and Database's.
Status migrate(Database& database, int version = schema_version());

}  // namespace linkspan::store
