using System.Text;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Subscriptions.Tests.Events;

/// <summary>Whose a message is that is no event.</summary>
public sealed class EventTenantTests
{
    [Theory]
    [InlineData("""{"tenant_id":"tenant_001"}""", "tenant_001")]
    [InlineData("""{"data":{"tenant_id":"other"},"tenant_id":"tenant_001","id":7}""", "tenant_001")]
    [InlineData("""{"messageType":["urn:message:X"],"message":{"tenant_id":"tenant_001"},"tenant_id":"other"}""", "tenant_001")]
    [InlineData("""{"tenant_id":"tenant_001","tenant_id":"tenant_002"}""", null)]
    [InlineData("""{"tenant_id":"not a tenant"}""", null)]
    [InlineData("""{"tenant_id":""}""", null)]
    [InlineData("""{"tenant_id":7}""", null)]
    [InlineData("""{"tenant_id":"\ud800"}""", null)]
    [InlineData("""{"\ud800":1,"tenant_id":"tenant_001"}""", "tenant_001")]
    [InlineData("""{"tenant_id":"tenant_001","data":{""", null)]
    [InlineData("""{"tenant_id":"tenant_001"} x""", null)]
    [InlineData("""["tenant_id"]""", null)]
    [InlineData("garbage", null)]
    [InlineData("", null)]
    public void A_tenant_is_found_where_one_is_named(string body, string? expected) =>
        Assert.Equal(expected, EventTenant.Find(Encoding.UTF8.GetBytes(body), contentType: null));

    [Fact]
    public void What_is_not_UTF_8_names_nobody() => Assert.Null(EventTenant.Find([.. """{"tenant_id":"tenant_001","x":" """u8, 0xff, .. "\"}"u8], contentType: null));
}
