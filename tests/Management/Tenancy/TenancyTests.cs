using System.Net;
using Webhooks.Api.Access;
using Webhooks.Management.Tests.OpenApi;

namespace Webhooks.Management.Tests.Tenancy;

/// <summary>
/// Walks every operation of the document with tokens that must not get through. A new route is walked as soon as it is
/// described, and fails until <see cref="Belongings"/> can make what its path names.
/// </summary>
public sealed class TenancyTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    private const string Owner = "owner_of_things";
    private const string Stranger = "stranger_at_the_door";

    [Fact]
    public async Task Without_a_token_nothing_is_answered_and_nothing_changes() => await WalkAsync(
        _ => Task.FromResult<string?>(null),
        HttpStatusCode.Unauthorized,
        "unauthenticated");

    [Fact]
    public async Task With_every_scope_but_the_one_that_is_required_nothing_is_answered_and_nothing_changes() => await WalkAsync(
        async operation => await api.TokenAsync(tenantId: null, [.. Scope.All.Except([operation.Scope, Scope.Admin])]),
        HttpStatusCode.Forbidden,
        "forbidden");

    [Fact]
    public async Task With_another_tenants_token_what_exists_is_not_found_and_does_not_change()
    {
        var token = await api.TokenAsync(Stranger);
        // An event type of the catalog has a name instead of an id, and is everybody's.
        await WalkAsync(
            _ => Task.FromResult<string?>(token),
            HttpStatusCode.NotFound,
            "not_found",
            operation => operation.Path.Contains('{') && !operation.Path.Contains("{type}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_tenants_token_sees_nothing_in_lists_and_sums_even_when_it_asks_for_it()
    {
        var token = await api.TokenAsync(Stranger);
        var owner = await OwnerAsync();
        foreach (var operation in api.Contract.Operations.Where(operation => operation.Method == "GET" && !operation.Path.Contains('{')))
        {
            var queries = operation.Parameters
                .Where(parameter => parameter.GetProperty("in").GetString() == "query" && parameter.GetProperty("name").GetString() is not ("cursor" or Caller.TenantMember))
                .Select(parameter => $"?{parameter.GetProperty("name").GetString()}={Uri.EscapeDataString(RequestExample.Value(parameter, owner.Ids))}");
            foreach (var query in queries.Prepend(""))
            {
                var answer = await api.GetAsync(operation.Path + query, token);

                // What names a thing may say that there is none; what is refused to everybody shows nothing.
                var whole = await api.GetAsync(operation.Path + query);
                Assert.True(answer.Status == whole.Status || (answer.Status == HttpStatusCode.NotFound && query.Length > 0), $"{operation.Path}{query} answered {answer.Text}.");
                ShowsNothingOf(owner, answer, $"GET {operation.Path}{query}", sent: query);
            }
        }
    }

    [Fact]
    public async Task Another_tenants_token_that_names_the_tenant_is_refused()
    {
        var token = await api.TokenAsync(Stranger);
        var (owner, stranger) = (await OwnerAsync(), new Belongings(api, Stranger));
        var before = await StateAsync(owner);
        foreach (var operation in api.Contract.Operations)
        {
            var path = await stranger.PathAsync(operation.Path);
            if (operation.Parameter("query", Caller.TenantMember) is not null)
            {
                (await api.SendAsync(new HttpMethod(operation.Method), $"{path}?tenant_id={Owner}", RequestExample.Body(operation, owner.Ids)?.ToJsonString(), token))
                    .IsProblem(HttpStatusCode.Forbidden, "forbidden");
            }

            if (api.Contract.Takes(operation, Caller.TenantMember) && RequestExample.Body(operation, owner.Ids) is { } body)
            {
                body[Caller.TenantMember] = Owner;
                (await api.SendAsync(new HttpMethod(operation.Method), path, body.ToJsonString(), token)).IsProblem(HttpStatusCode.Forbidden, "forbidden");
            }
        }

        Assert.Equal(before, await StateAsync(owner));
    }

    [Fact]
    public async Task Another_tenants_token_gets_at_nothing_by_naming_its_ids_in_a_body()
    {
        var token = await api.TokenAsync(Stranger);
        var (owner, stranger) = (await OwnerAsync(), new Belongings(api, Stranger));
        var before = await StateAsync(owner);
        foreach (var operation in api.Contract.Operations.Where(operation => operation.BodySchema is not null))
        {
            var body = RequestExample.Body(operation, owner.Ids)!;
            body.Remove(Caller.TenantMember);
            var path = await stranger.PathAsync(operation.Path);

            var answer = await api.SendAsync(new HttpMethod(operation.Method), path, body.ToJsonString(), token);

            ShowsNothingOf(owner, answer, $"{operation.Method} {path}", sent: body.ToJsonString());
        }

        Assert.Equal(before, await StateAsync(owner));
    }

    private async Task WalkAsync(Func<ApiOperation, Task<string?>> tokenFor, HttpStatusCode status, string code, Func<ApiOperation, bool>? which = null)
    {
        var owner = await OwnerAsync();
        var tokens = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var scope in api.Contract.Operations.DistinctBy(operation => operation.Scope))
        {
            tokens[scope.Scope] = await tokenFor(scope);
        }

        var before = await StateAsync(owner);
        foreach (var operation in api.Contract.Operations.Where(which ?? (_ => true)))
        {
            var body = RequestExample.Body(operation, owner.Ids)?.ToJsonString();
            var answer = await api.SendAsync(new HttpMethod(operation.Method), await owner.PathAsync(operation.Path), body, tokens[operation.Scope]);

            Assert.True(answer.Status == status, $"{operation.Method} {operation.Path} answered {(int)answer.Status} {answer.Text}");
            answer.IsProblem(status, code);
        }

        Assert.Equal(before, await StateAsync(owner));
    }

    /// <summary>With all its things made, so that none is made while they are compared.</summary>
    private async Task<Belongings> OwnerAsync()
    {
        var owner = new Belongings(api, Owner);
        foreach (var operation in api.Contract.Operations)
        {
            await owner.PathAsync(operation.Path);
        }

        return owner;
    }

    private Task<IReadOnlyList<string>> StateAsync(Belongings owner) =>
        StateOf.ReadAsync(api.Database, [Owner, .. owner.Ids.Values.Select(id => id[(id.IndexOf('_', StringComparison.Ordinal) + 1)..])]);

    // Neither the tenant nor any of its things: some answers name things without saying whose they are. What the stranger
    // named itself, and the types that are built in, may come back.
    private static void ShowsNothingOf(Belongings owner, Answer answer, string what, string sent) => Assert.All(
        owner.Ids.Where(thing => thing.Key != "event-types" && !sent.Contains(thing.Value, StringComparison.Ordinal)).Select(thing => thing.Value).Append(owner.TenantId),
        word => Assert.False(answer.Text.Contains(word, StringComparison.Ordinal), $"{what} showed {answer.Text}"));
}
