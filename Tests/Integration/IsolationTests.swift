import GatehouseTesting
import Kit
import Testing

/// Two tenants, and everything that the routes could do to the one with what the other one has.
@Suite("Tenants kept apart", .serialized, .timeLimit(.minutes(5)))
struct IsolationTests {
    /// Routes that take no access token: who calls them is what they find out. Each is here because another test shows
    /// that it keeps tenants apart, or because it knows of no tenant's things.
    private static let open: Set<String> = [
        "jwks", "authorizationServerMetadata", "echo", "forgotPassword", "login", "loginForm", "refresh", "register",
        "resendVerification", "resetPasswordPage", "resetPassword", "revokeRefreshToken", "verifyEmailPage",
        "verifyEmail", "introspect", "revoke", "token", "invitationPage", "declineInvitation",
    ]
    /// Routes that would take the caller's own session or account away; they name nobody else.
    private static let selfEnding: Set<String> = [
        "logout", "logoutAll", "deleteOwnUser", "changePassword", "endOtherSessions",
    ]

    @Test("no route shows or changes anything of another tenant")
    func everyRoute() async throws {
        let suite = try SharedSuite.get()
        let theirs = try await Furnished(suite)
        let own = try await Furnished(suite)
        let routes = try DocumentedRoute.all(of: suite)
        #expect(routes.count > 50)
        let before = try theirs.state()
        for route in routes where !Self.open.contains(route.id) {
            #expect(route.needsToken, "\(route.id) takes no token: is it right that it does not?")
            guard let path = theirs.path(of: route) else {
                Issue.record("\(route.id): nothing is known to put into \(route.path)")
                continue
            }
            let body = route.body(theirs)
            let foreign = try suite.send(
                route.method, path, body, type: route.bodyType, tenant: theirs.slug, bearer: own.administrator)
            #expect(foreign.status == 401, "\(route.id) at their address: \(foreign.status) \(foreign.body)")
            if Self.selfEnding.contains(route.id) { continue }

            let answer = try suite.send(
                route.method, path, body, type: route.bodyType, tenant: own.slug, bearer: own.administrator)
            if path != route.path {
                // A tenant is no part of any tenant: who may do nothing to it hears 403 before its id is looked at.
                let expected = route.permission == "superuser" ? 403 : 404
                #expect(answer.status == expected, "\(route.id): \(answer.status) \(answer.body)")
            } else {
                // Something else would tell of the test's body rather than of the route.
                #expect(
                    [200, 201, 202, 204, 403].contains(answer.status) || route.isAbout(theirs, answer),
                    "\(route.id): \(answer.status) \(answer.body)")
            }
            // What the caller said they know; an answer may repeat it.
            for thing in theirs.secrets where body?.contains(thing) != true {
                #expect(!answer.body.contains(thing), "\(route.id) shows \(thing)")
            }
        }
        #expect(try theirs.state() == before)
    }

    @Test("what another tenant's people have is worth nothing where no token is asked for, either")
    func openRoutes() async throws {
        let suite = try SharedSuite.get()
        let theirs = try await Furnished(suite)
        let own = try await Furnished(suite)
        let tokens = try theirs.person.login()
        let before = try theirs.state()
        #expect(try suite.refresh(tokens.refresh, tenant: own.slug).status == 401)
        let login = #"{"username":"\#(theirs.person.name)","password":"\#(theirs.person.password)"}"#
        #expect(try suite.post("/api/v1/auth/login", login, tenant: own.slug).status == 401)
        #expect(
            try suite.post("/api/v1/auth/revoke", #"{"refresh_token":"\#(tokens.refresh)"}"#, tenant: own.slug).status
                == 204)
        let invitation = #"{"token":"\#(theirs.invitationToken)"}"#
        #expect(try suite.post("/api/v1/organizations/invitations/decline", invitation, tenant: own.slug).status == 400)
        let client = "client_id=\(theirs.clientID)&client_secret=\(theirs.clientSecret)"
        #expect(
            try suite.form("/oauth2/token", "grant_type=client_credentials&" + client, tenant: own.slug).status == 401)
        let mine = "client_id=\(own.clientID)&client_secret=\(own.clientSecret)"
        for token in [tokens.access, tokens.refresh] {
            let introspection = try suite.form("/oauth2/introspect", "token=\(token)&" + mine, tenant: own.slug)
            #expect(introspection.body.contains(#""active":false"#))
            #expect(try suite.form("/oauth2/revoke", "token=\(token)&" + mine, tenant: own.slug).status == 200)
        }
        #expect(try theirs.state() == before)
        #expect(try suite.refresh(tokens.refresh, tenant: theirs.slug).status == 200)
    }

    @Test("the role of the services reads and writes no row of another tenant, in any table")
    func everyTable() async throws {
        let suite = try SharedSuite.get()
        let theirs = try await Furnished(suite)
        let own = try await Furnished(suite)
        _ = try theirs.person.login()
        let tables = try suite.sql(
            """
            select c.oid::regclass, (xpath('/row/n/text()', query_to_xml(
                format('select count(*) as n from %s where tenant_id = %L', c.oid::regclass, '\(theirs.id)'),
                false, true, '')))[1]::text
            from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
            where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and not a.attisdropped
            """
        ).split(separator: "\n").map { $0.split(separator: "|") }
        let filled = tables.filter { $0[1] != "0" }.map { $0[0] }
        #expect(filled.count >= 12, "tables with rows to be found: \(filled)")
        let names = tables.map { "'\($0[0])'" }.joined(separator: ",")
        let touched = try suite.sql(
            """
            begin;
            select set_config('gatehouse.tenant', '\(own.id)', true);
            do $$
            declare
                name text;
                attempt text;
                touched bigint;
                found text := '';
            begin
                foreach name in array array[\(names)] loop
                    foreach attempt in array array[
                        'select count(*) from %1$s where tenant_id = %2$L',
                        'with w as (update %1$s set tenant_id = tenant_id where tenant_id = %2$L returning 1) '
                            'select count(*) from w',
                        'with w as (delete from %1$s where tenant_id = %2$L returning 1) select count(*) from w',
                        'with w as (update %1$s set tenant_id = %2$L where tenant_id = current_tenant() returning 1) '
                            'select count(*) from w'
                    ] loop
                        begin
                            execute format(attempt, name, '\(theirs.id)') into touched;
                            if touched > 0 then
                                found := found || format(attempt, name, '') || e'\n';
                            end if;
                        exception when insufficient_privilege then
                            null;
                        end;
                    end loop;
                end loop;
                perform set_config('gatehouse.found', found, true);
            end
            $$;
            select current_setting('gatehouse.found');
            rollback;
            """, as: "gatehouse_service")
        #expect(touched == own.id)
    }
}

extension DocumentedRoute {
    /// Whether an answer says of things of another tenant, which the body named, that there are none.
    fileprivate func isAbout(_ tenant: Furnished, _ answer: PlainHTTP.Answer) -> Bool {
        let body = body(tenant)
        return answer.status == 404 || answer.status == 422 && body?.contains(tenant.person.id) == true
            || answer.status == 400 && body?.contains(tenant.invitationToken) == true
    }
}
