using System.Net;

namespace Webhooks.Management.Tests.Egress;

public sealed class EgressApiTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    [Fact]
    public async Task Unless_the_operator_says_there_are_none() => Assert.Equal("""{"ranges":[]}""", (await api.GetAsync("/v1/egress")).Text);

    [Fact]
    public async Task The_operators_ranges_are_told_in_one_text() => Assert.Equal(
        """{"ranges":["203.0.113.0/28","198.51.100.7/32","2001:db8:1::/64"]}""",
        await RangesAsync(("Webhooks:EgressRanges", "203.0.113.0/28, 198.51.100.7 ,2001:db8:1::/64")));

    [Fact]
    public async Task The_operators_ranges_are_told_one_by_one() => Assert.Equal(
        """{"ranges":["203.0.113.0/28","2001:db8:1::/64"]}""",
        await RangesAsync(("Webhooks:EgressRanges:0", "203.0.113.0/28"), ("Webhooks:EgressRanges:1", "2001:db8:1::/64")));

    private async Task<string> RangesAsync(params (string, string)[] settings)
    {
        using var client = await api.StartHostAsync(settings);
        var answer = await api.SendAsync(HttpMethod.Get, "/v1/egress", null, ManagementApi.AdminToken, via: client);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return answer.Text;
    }
}
