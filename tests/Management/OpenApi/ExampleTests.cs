using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Webhooks.Api.OpenApi;

namespace Webhooks.Management.Tests.OpenApi;

/// <summary>What the document shows is what it says, and what it says of answers is what is serialized.</summary>
public sealed class ExampleTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    private JsonElement Document => api.Contract.Document;

    [Fact]
    public void Every_example_fits_its_schema() => Assert.Empty(FaultsIn(Document, "").ToList());

    [Fact]
    public void Every_answer_is_described_with_the_members_that_are_serialized()
    {
        var options = api.Services.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        foreach (var operation in DescribedRoute.Of(api.Services.GetRequiredService<EndpointDataSource>()).Select(route => route.Operation))
        {
            foreach (var answer in operation.Answers.Where(answer => answer.Type is not null))
            {
                var faults = DifferencesOf(options.GetTypeInfo(answer.Type!), JsonSerializer.SerializeToElement(answer.Schema!.Write()), "").ToList();
                Assert.True(faults.Count == 0, $"{operation.Id} describes {answer.Type} wrongly: {string.Join("; ", faults)}.");
            }
        }
    }

    [Fact]
    public void The_request_that_is_shown_verifies_under_the_secret_that_is_shown()
    {
        var attempt = Document.GetProperty("paths").GetProperty("/v1/deliveries/{id}").GetProperty("get").GetProperty("responses").GetProperty("200")
            .GetProperty("content").GetProperty("application/json").GetProperty("example").GetProperty("attempts")[0].GetProperty("request");
        var secret = Document.GetProperty("paths").GetProperty("/v1/subscriptions/{id}/secret").GetProperty("get").GetProperty("responses").GetProperty("200")
            .GetProperty("content").GetProperty("application/json").GetProperty("example").GetProperty("secret").GetString()!;
        var headers = attempt.GetProperty("headers");

        var signed = Encoding.UTF8.GetBytes($"{headers.GetProperty("X-Matcher-Timestamp").GetString()}.{attempt.GetProperty("body").GetString()}");

        Assert.Equal($"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed))}", headers.GetProperty("X-Matcher-Signature").GetString());
    }

    private IEnumerable<string> FaultsIn(JsonElement place, string at)
    {
        switch (place.ValueKind)
        {
            case JsonValueKind.Array:
                return place.EnumerateArray().Index().SelectMany(item => FaultsIn(item.Item, $"{at}/{item.Index}"));
            case JsonValueKind.Object when place.TryGetProperty("schema", out var schema):
                return ExamplesOf(place).SelectMany(example => SchemaCheck.FaultsOf(Document, refuseUndescribed: true, schema, example)).Select(fault => $"{at} {fault}");
            case JsonValueKind.Object:
                return place.EnumerateObject().SelectMany(member => FaultsIn(member.Value, $"{at}/{member.Name}"));
            default:
                return [];
        }
    }

    private IEnumerable<JsonElement> ExamplesOf(JsonElement content)
    {
        if (content.TryGetProperty("example", out var single) && single.ValueKind != JsonValueKind.Null)
        {
            yield return single;
        }

        foreach (var named in content.TryGetProperty("examples", out var several) ? several.EnumerateObject().Select(example => example.Value) : [])
        {
            yield return (named.TryGetProperty("$ref", out var reference) ? SchemaCheck.Resolve(Document, reference.GetString()!) : named).GetProperty("value");
        }
    }

    private IEnumerable<string> DifferencesOf(JsonTypeInfo type, JsonElement schema, string at)
    {
        schema = SchemaCheck.Shape(Document, schema);
        switch (type.Kind)
        {
            case JsonTypeInfoKind.Enumerable:
                return DifferencesOf(type.Options.GetTypeInfo(type.ElementType!), schema.GetProperty("items"), $"{at}/items");
            case JsonTypeInfoKind.Object when type.Type != typeof(object):
                var described = schema.GetProperty("properties").EnumerateObject().ToDictionary(member => member.Name, member => member.Value);
                return
                [
                    .. described.Keys.Except(type.Properties.Select(property => property.Name)).Select(name => $"{at}/{name} is described and not serialized"),
                    .. type.Properties.SelectMany(property => described.TryGetValue(property.Name, out var member)
                        ? DifferencesOf(property, member, $"{at}/{property.Name}")
                        : [$"{at}/{property.Name} is serialized and not described"]),
                ];
            default:
                return [];
        }
    }

    private IEnumerable<string> DifferencesOf(JsonPropertyInfo property, JsonElement schema, string at)
    {
        var isNullable = property.IsGetNullable || Nullable.GetUnderlyingType(property.PropertyType) is not null;
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        return
        [
            .. isNullable == AllowsNull(schema) ? Array.Empty<string>() : [$"{at} {(isNullable ? "may be null, which is not described" : "is described as nullable and never null")}"],
            .. DifferencesOf(property.Options.GetTypeInfo(type), schema, at),
        ];
    }

    private bool AllowsNull(JsonElement schema) => SchemaCheck.FaultsOf(Document, refuseUndescribed: false, schema, JsonElement.Parse("null")).Count == 0;
}
