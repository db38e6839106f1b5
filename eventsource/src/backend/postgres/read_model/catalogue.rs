//! Queries of PostgreSQL's catalogue about a table that is going to be replaced. `$1` is the schema, `$2` the table.

macro_rules! of_table {
    ($rest:expr) => {
        concat!(
            "WITH own AS (SELECT c.* FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')) ",
            $rest
        )
    };
}

/// Objects that depend on the table, or that cannot be created again. The table cannot be dropped while they exist.
pub(super) const DEPENDENTS: &str = of_table!(
    "SELECT DISTINCT what FROM ( \
     SELECT CASE v.relkind WHEN 'm' THEN 'the materialized view ' WHEN 'v' THEN 'the view ' ELSE 'a rule of ' END \
         || v.oid::regclass::text AS what FROM own \
         JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = own.oid \
             AND d.classid = 'pg_catalog.pg_rewrite'::regclass \
         JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid JOIN pg_catalog.pg_class v ON v.oid = r.ev_class \
         WHERE v.oid <> own.oid \
     UNION ALL SELECT 'the rule ' || r.rulename FROM own JOIN pg_catalog.pg_rewrite r ON r.ev_class = own.oid \
     UNION ALL SELECT 'the foreign key ' || k.conname || ' of ' || k.conrelid::regclass::text FROM own \
         JOIN pg_catalog.pg_constraint k ON k.confrelid = own.oid AND k.contype = 'f' AND k.conrelid <> own.oid \
     UNION ALL SELECT 'the table ' || i.inhrelid::regclass::text || ', which is a part of it' FROM own \
         JOIN pg_catalog.pg_inherits i ON i.inhparent = own.oid \
     UNION ALL SELECT 'the table ' || i.inhparent::regclass::text || ', of which it is a part' FROM own \
         JOIN pg_catalog.pg_inherits i ON i.inhrelid = own.oid \
     UNION ALL SELECT 'its partitioning' FROM own WHERE own.relkind = 'p' \
     UNION ALL SELECT 'its row level security' FROM own WHERE own.relrowsecurity OR own.relforcerowsecurity \
         OR EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.polrelid = own.oid) \
     UNION ALL SELECT 'the publication ' || p.pubname FROM own \
         JOIN pg_catalog.pg_publication_rel m ON m.prrelid = own.oid \
         JOIN pg_catalog.pg_publication p ON p.oid = m.prpubid \
     UNION ALL SELECT 'the ' || pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) FROM own \
         JOIN pg_catalog.pg_depend d ON d.deptype = 'n' \
             AND (d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = own.oid \
                 OR d.refclassid = 'pg_catalog.pg_type'::regclass AND d.refobjid = own.reltype) \
             AND d.classid NOT IN ('pg_catalog.pg_rewrite'::regclass, 'pg_catalog.pg_constraint'::regclass) \
             AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = d.objid AND i.inhparent = own.oid) \
     ) AS found ORDER BY what"
);

/// The indexes of the table that belong to no constraint: name, whether it is unique, its oid, the beginning of its
/// definition, and its definition.
pub(super) const INDEXES: &str = of_table!(
    "SELECT x.relname::text, i.indisunique, x.oid::text, \
         format('CREATE %sINDEX %I ON %I.%I ', CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END, x.relname, $1, $2), \
         pg_catalog.pg_get_indexdef(x.oid) \
     FROM own JOIN pg_catalog.pg_index i ON i.indrelid = own.oid JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid \
     WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = x.oid AND k.conrelid = own.oid) \
     ORDER BY x.relname"
);

/// The other objects that belong to the table, each with the statement that creates it again after another table, now
/// called `$3`, has taken its name. Without a statement, the object is not created again.
pub(super) const BELONGINGS: &str = of_table!(
    ", next AS (SELECT c.* FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = $1 AND c.relname = $3) \
     SELECT what, sql FROM ( \
     SELECT 1 AS rank, 'the column ' || a.attname AS what, NULL AS sql FROM own, next, pg_catalog.pg_attribute a \
         WHERE a.attrelid = own.oid AND a.attnum > 0 AND NOT a.attisdropped AND NOT EXISTS ( \
             SELECT FROM pg_catalog.pg_attribute o WHERE o.attrelid = next.oid AND o.attname = a.attname) \
     UNION ALL SELECT 2, 'the owner ' || pg_catalog.pg_get_userbyid(own.relowner), \
         format('ALTER TABLE %I.%I OWNER TO %I', $1, $2, pg_catalog.pg_get_userbyid(own.relowner)) \
         FROM own, next WHERE own.relowner <> next.relowner \
     UNION ALL SELECT 3, 'the options ' || array_to_string(own.reloptions, ', '), \
         format('ALTER TABLE %I.%I SET (%s)', $1, $2, array_to_string(own.reloptions, ', ')) \
         FROM own WHERE own.reloptions IS NOT NULL \
     UNION ALL SELECT 4, 'the constraint ' || k.conname, \
         format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s', $1, $2, k.conname, pg_catalog.pg_get_constraintdef(k.oid)) \
         FROM own JOIN pg_catalog.pg_constraint k ON k.conrelid = own.oid AND k.contype IN ('c', 'u', 'x', 'f') \
     UNION ALL SELECT 5, 'the statistics ' || s.stxname, pg_catalog.pg_get_statisticsobjdef(s.oid) \
         FROM own JOIN pg_catalog.pg_statistic_ext s ON s.stxrelid = own.oid \
     UNION ALL SELECT 6, 'no rights of ' || who.name, format('REVOKE ALL ON TABLE %I.%I FROM %s', $1, $2, who.name) \
         FROM next, LATERAL (SELECT DISTINCT CASE g.grantee WHEN 0 THEN 'PUBLIC' \
                 ELSE quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) END AS name \
             FROM aclexplode(next.relacl) g WHERE g.grantee <> next.relowner) AS who \
     UNION ALL SELECT 7, 'the right ' || g.privilege_type || ' of ' || who.name, \
         format('GRANT %s ON TABLE %I.%I TO %s%s', g.privilege_type, $1, $2, who.name, \
             CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) \
         FROM own, LATERAL aclexplode(own.relacl) g, LATERAL (SELECT CASE g.grantee WHEN 0 THEN 'PUBLIC' \
             ELSE quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) END AS name) AS who \
         WHERE g.grantee <> own.relowner \
     UNION ALL SELECT 8, 'the right ' || g.privilege_type || ' of ' || who.name || ' on the column ' || a.attname, \
         format('GRANT %s (%I) ON TABLE %I.%I TO %s%s', g.privilege_type, a.attname, $1, $2, who.name, \
             CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) \
         FROM own JOIN pg_catalog.pg_attribute a ON a.attrelid = own.oid AND NOT a.attisdropped, \
         LATERAL aclexplode(a.attacl) g, LATERAL (SELECT CASE g.grantee WHEN 0 THEN 'PUBLIC' \
             ELSE quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) END AS name) AS who \
     UNION ALL SELECT 9, 'the comment', format('COMMENT ON TABLE %I.%I IS %L', $1, $2, text) \
         FROM own, LATERAL obj_description(own.oid, 'pg_class') AS text WHERE text IS NOT NULL \
     UNION ALL SELECT 10, 'the trigger ' || t.tgname, pg_catalog.pg_get_triggerdef(t.oid) || CASE t.tgenabled \
             WHEN 'D' THEN format('; ALTER TABLE %I.%I DISABLE TRIGGER %I', $1, $2, t.tgname) \
             WHEN 'R' THEN format('; ALTER TABLE %I.%I ENABLE REPLICA TRIGGER %I', $1, $2, t.tgname) \
             WHEN 'A' THEN format('; ALTER TABLE %I.%I ENABLE ALWAYS TRIGGER %I', $1, $2, t.tgname) ELSE '' END \
         FROM own JOIN pg_catalog.pg_trigger t ON t.tgrelid = own.oid AND NOT t.tgisinternal \
     ) AS found ORDER BY rank, what"
);
