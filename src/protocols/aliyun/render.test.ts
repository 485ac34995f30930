import { expect, it } from 'vitest';
import { render } from './render.ts';

const head = '<?xml version="1.0" encoding="UTF-8"?>';

it('writes one tree both ways', () => {
  const tree = {
    TotalCount: 0,
    Images: {
      Image: [
        { Name: 'a<b>&"c"', Tags: { Tag: [] } },
        { Name: '', IsPublic: false, Left: undefined },
      ],
    },
  };
  expect(JSON.parse(render('JSON', 'R', tree))).toEqual({
    TotalCount: 0,
    Images: {
      Image: [
        { Name: 'a<b>&"c"', Tags: { Tag: [] } },
        { Name: '', IsPublic: false },
      ],
    },
  });
  expect(render('XML', 'R', tree)).toBe(
    `${head}<R><TotalCount>0</TotalCount><Images><Image><Name>a&lt;b&gt;&amp;&quot;c&quot;</Name><Tags></Tags></Image>` +
      '<Image><Name></Name><IsPublic>false</IsPublic></Image></Images></R>',
  );
});

it('writes nothing that no XML document can have', () => {
  expect(render('XML', 'R', { Name: 'a\u0001b\ud83d\ude00\n' })).toBe(
    `${head}<R><Name>a\ufffdb\ud83d\ude00\n</Name></R>`,
  );
});
