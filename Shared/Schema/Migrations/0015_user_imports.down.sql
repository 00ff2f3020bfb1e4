drop function count_few_users();
drop function tidy_imports(int);
drop table user_import_reports, user_imports;
