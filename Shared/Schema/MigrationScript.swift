/// The SQL a command would run, for people who run SQL by other means.
public enum MigrationScript {
    /// The script that applies `migrations`, in order.
    public static func upgrade(_ migrations: [Migration]) -> String {
        let steps = migrations.map { migration in
            block(
                migration, migration.up,
                """
                insert into gatehouse_schema_version (revision, name, checksum)
                values ('\(migration.revision)', '\(migration.name)', \(Migrator.checksumSQL(quoted(migration.up))));
                """)
        }
        return ([Migrator.tableSQL + ";\n"] + steps).joined(separator: "\n")
    }

    /// The script that takes `migrations` back, in the order given.
    public static func downgrade(_ migrations: [Migration]) -> String {
        migrations.map { migration in
            block(
                migration, migration.down,
                "delete from gatehouse_schema_version where revision = '\(migration.revision)';")
        }.joined(separator: "\n")
    }

    private static func block(_ migration: Migration, _ sql: String, _ note: String) -> String {
        let (begin, commit) = migration.runsOutsideTransaction ? ("", "") : ("begin;\n", "commit;\n")
        return "-- \(migration.title)\n\(begin)\(sql)\n\(note)\n\(commit)"
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}
