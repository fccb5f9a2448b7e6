# Bash: how the runbook's scripts speak to MySQL or MariaDB, and to Flyway. The password stays in the environment ($MYSQL_PWD), it is never
# on a command line; what else the programs need (TLS, say) stands in ~/.my.cnf.
schema=$HOLDPOINT_DB_NAME host=${HOLDPOINT_DB_HOST:-localhost} port=${HOLDPOINT_DB_PORT:-3306} user=$HOLDPOINT_DB_USER
to=(-h "$host" -P "$port" -u "$user")
export FLYWAY_USER=$user FLYWAY_PASSWORD=${MYSQL_PWD:-}

# ask QUESTION [SCHEMA]: the answer, columns separated by tabs.
ask() { "$client" "${to[@]}" -NB "${2-$schema}" -e "$1"; }

# sheet [SCHEMA]: one line for each thing in the schema, with its definition; owners and rights are not in it.
sheet() { "$client" "${to[@]}" -NB "${1-$schema}" < "$runbook_dir/sql/mysql_schema.sql"; }

# rows [SCHEMA]: the exact number of rows of every table, as table=rows.
rows() {
  local all
  ask "set session group_concat_max_len = 1048576;
       select group_concat('select concat(', quote(concat(table_name, '=')), ', count(*)) from \`', replace(table_name, '\`', '\`\`'), '\`' order by table_name separator ' union all ')
         from information_schema.tables where table_schema = database() and table_type = 'BASE TABLE' and table_name <> 'flyway_schema_history'" "$@" \
    | { IFS= read -r all; [ "$all" = NULL ] || ask "$all" "$@"; } | LC_ALL=C sort
}

# history [SCHEMA]: what Flyway's table says; nothing where there is none.
history() {
  [ "$(ask "select count(*) from information_schema.tables where table_schema = database() and table_name = 'flyway_schema_history'" "$@")" -eq 0 ] ||
    ask 'select installed_rank, version, type, script, checksum, success from flyway_schema_history order by 1' "$@"
}

# answers [SCHEMA]: what the queries in $data_file bring; nothing where there is none.
answers() { [ -z "$data_file" ] || "$client" "${to[@]}" -NB "${1-$schema}" < "$data_file"; }

# dump FILE: the whole schema as of one moment. It is whole only if its last line says so.
dump() {
  "$mysqldump" "${to[@]}" --single-transaction --routines --triggers --events --hex-blob --no-tablespaces --default-character-set=utf8mb4 "$schema" > "$1.part"
  case "$(tail -n 1 "$1.part")" in "-- Dump completed"*) mv "$1.part" "$1" ;; *) echo "the dump does not end as a whole one does"; return 1 ;; esac
}

# load FILE SCHEMA: into a schema that is made anew for it; it must not hold anything yet.
load() {
  local name=${2//\`/\`\`}
  ask "create database if not exists \`$name\` $(ask "select concat('character set ', default_character_set_name, ' collate ', default_collation_name)
                                                       from information_schema.schemata where schema_name = database()")" ''
  [ "$(ask "select count(*) from information_schema.tables where table_schema = database()" "$2")" -eq 0 ] || { echo "$2 is not empty"; return 1; }
  "$client" "${to[@]}" --default-character-set=utf8mb4 "$2" < "$1"
}

# undoing BEFORE: from a sheet of before and the schema as it is now, the statements that take away what came. Foreign keys go first, so
# that children need not go before their parents. What was changed or taken away cannot be made from a name: it is a remark.
undoing() {
  { diff "$1" <(sheet) || true; } | awk '
    function quoted(name) { gsub(/`/, "``", name); return "`" name "`" }
    /^[<>] / { sign = $1; kind = $2; line = substr($0, 3); at = index(line, ": "); name = substr(line, length(kind) + 2, at - length(kind) - 2)
      if (sign == "<") { gone[kind " " name] = 1; print 0 "\t-- was " line; next }
      key[++n] = kind " " name; kinds[n] = kind; names[n] = name; if (kind == "table") made[name] = 1 }
    END { for (i = 1; i <= n; i++) {
      kind = kinds[i]; name = names[i]; table = name; part = name; sub(/\..*/, "", table); sub(/^[^.]*\./, "", part)
      if (key[i] in gone) print 0 "\t-- is changed, put it back by hand or restore the dump: " key[i]
      else if (kind == "constraint") print 1 "\tALTER TABLE " quoted(table) " DROP FOREIGN KEY " quoted(part) ";"
      else if (kind == "trigger" || kind == "event" || kind == "view") print 2 "\tDROP " toupper(kind) " " quoted(name) ";"
      else if (kind == "routine") { word = name; sub(/ .*/, "", word); sub(/^[^ ]* /, "", name); print 2 "\tDROP " toupper(word) " " quoted(name) ";" }
      else if (kind == "table") print 5 "\tDROP TABLE " quoted(name) ";"
      else if (table in made) continue
      else if (kind == "index") print 3 "\tALTER TABLE " quoted(table) " DROP INDEX " quoted(part) ";"
      else if (kind == "column") print 4 "\tALTER TABLE " quoted(table) " DROP COLUMN " quoted(part) ";" } }' | sort -s -n -k1,1 | cut -f2-
}

# scripts: each versioned script, in their order, as `version file`.
scripts() { local file; for file in "$migration_dir"/V*__*.sql; do echo "$(basename "$file" | sed -E 's/^V([0-9._]+)__.*/\1/' | tr _ .) $file"; done | sort -V; }

# digests: from such lines `version checksum sha256 name`; Flyway's checksum is the CRC32 of the lines without their ends.
digests() {
  local version file crc
  while read -r version file; do
    crc=$(sed '1s/^\xEF\xBB\xBF//' "$file" | tr -d '\r\n' | gzip -c | tail -c 8 | od -An -td4 -N4 | tr -d ' ')
    echo "$version $crc $(sha256sum < "$file" | cut -d' ' -f1) $(basename "$file")"
  done
}

# flyway TASK [-D…]: the plugin reads flyway.* and FLYWAY_*, never spring.datasource.*, and without --info it says nothing.
flyway() {
  local url="jdbc:$jdbc://$host:$port/$schema?sessionVariables=lock_wait_timeout=$lock_timeout${jdbc_parameters:+&$jdbc_parameters}" task=$1; shift
  $gradle --console=plain --info "${flyway_tasks}flyway$task" -Dflyway.url="$url" -Dspring.datasource.url="$url" "$@" 2>&1
}
